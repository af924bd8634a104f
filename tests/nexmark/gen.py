#!/usr/bin/env python3
"""Makes the events of the Nexmark tests, the same bytes at every run: persons.ndjson, auctions.ndjson and
bids.ndjson beside this file (or in the directory that is named), and side.csv, the table of q13.

Of 100 events 5 are persons, 12 auctions, 83 bids, as they come to an auction house: an event every 80 ms in four
stretches of 40 s, in the night, by day, in the evening, and over midnight. What makes answers differ:

  disorder   3 of 10 events are up to 400 ms late, 1 of 100 up to 6 s
  hot keys   half of the bids go to one auction, 4 of 10 come from one bidder, a third of the auctions from one seller
  ties       every 12th bid has the price of the highest one of late
  expiry     auctions last 3 to 25 s; bids come before the start and behind the end
  strangers  bids on auctions and by bidders that nobody has announced (yet, or ever)
"""
import os
import random
import sys

EVENTS = 2000
STRETCH = 500
STEP_MS = 80
# Minutes and seconds of the day as milliseconds: 05:59:47, 13:30:02, 19:29:50, 23:59:38.
STARTS = [21_587_000, 48_602_000, 70_190_000, 86_378_000]

FIRST = "Peter Paul Luke John Saul Vicky Kate Julie Sarah Deiter Walter".split()
LAST = "Shultz Abrams Spencer White Bartels Walton Smith Jones Noris".split()
PLACES = [("Phoenix", "AZ"), ("Palo Alto", "CA"), ("San Mateo", "CA"), ("Boise", "ID"), ("Portland", "OR"),
          ("Bend", "OR"), ("Redmond", "WA"), ("Kent", "WA"), ("Cheyenne", "WY")]
CHANNELS = ["Google", "Facebook", "Baidu", "Apple"]
LETTERS = "abcdefghijklmnopqrstuvwxyz"

rng = random.Random("nexmark").random  # the one method whose numbers no version of Python changes


def below(n):
    return int(rng() * n)


def word(least, most):
    return "".join(LETTERS[below(26)] for _ in range(least + below(most - least + 1)))


def stamp(ms):
    day, ms = divmod(ms, 86_400_000)
    return (f"2026-03-{1 + day:02d}T{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}"
            f".{ms % 1000:03d}Z")


def record(**fields):
    cells = (f'"{name}":{value}' if isinstance(value, int) else f'"{name}":"{value}"'
             for name, value in fields.items())
    return "{" + ",".join(cells) + "}\n"


def kinds():
    """The kinds of 100 events, in an order of their own each time."""
    left = ["person"] * 5 + ["auction"] * 12 + ["bid"] * 83
    while left:
        yield left.pop(below(len(left)))


def person(number, at):
    first, last = FIRST[below(len(FIRST))], LAST[below(len(LAST))]
    city, state = PLACES[below(len(PLACES))]
    card = " ".join(f"{below(10_000):04d}" for _ in range(4))
    return record(id=1000 + number, name=f"{first} {last}", emailAddress=f"{word(4, 7)}@{word(4, 7)}.com",
                  creditCard=card, city=city, state=state, dateTime=stamp(at), extra=word(5, 12))


def auction(number, persons, at, on_time):
    newest = 1000 + max(0, persons - 1)
    seller = 1000 + max(0, persons - 1) // 8 * 8 if rng() < 0.33 else newest + 1 - below(12)
    first = 100 + below(900)
    return record(id=1000 + number, itemName=word(4, 9), description=f"{word(3, 8)} {word(3, 8)}", initialBid=first,
                  reserve=first + below(900), dateTime=stamp(at), expires=stamp(on_time + 3040 + STEP_MS * below(275)),
                  seller=seller, category=10 + below(5), extra=word(5, 12))


def bid(auctions, persons, at, recent):
    newest = 1000 + max(0, auctions - 1)
    target = newest // 12 * 12 if rng() < 0.5 else newest + 2 - below(30)
    bidder = 1000 + max(0, persons - 1) // 10 * 10 if rng() < 0.4 else 1000 + persons + 5 - below(40)
    highest = max((price for when, price in recent if when > at - 10_000), default=100)
    price = highest if rng() < 1 / 12 else round(100 * 10 ** (6 * rng()))
    recent.append((at, price))
    page = f"https://www.nexmark.com/{word(3, 6)}/{word(3, 6)}/{word(3, 6)}/item.htm?query=1"
    if rng() < 0.5:
        channel = CHANNELS[below(4)]
    else:
        channel = f"channel-{below(200)}"
        if rng() < 0.8:
            page += f"&channel_id={channel[8:]}"
    return record(auction=target, bidder=bidder, price=price, channel=channel, url=page, dateTime=stamp(at),
                  extra=word(5, 20))


def main():
    out = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    lines = {"person": [], "auction": [], "bid": []}
    recent = []
    for start in STARTS:
        for number in range(STRETCH):
            if number % 100 == 0:
                order = kinds()
            kind = next(order)
            at = on_time = start + number * STEP_MS
            late = rng()
            if late < 0.01:
                at -= 1000 + below(5000)
            elif late < 0.31:
                at -= below(400)
            persons, auctions = len(lines["person"]), len(lines["auction"])
            if kind == "person":
                lines[kind].append(person(persons, at))
            elif kind == "auction":
                lines[kind].append(auction(auctions, persons, at, on_time))
            else:
                lines[kind].append(bid(auctions, persons, at, recent))
    assert sum(map(len, lines.values())) == EVENTS == STRETCH * len(STARTS)
    for kind, text in lines.items():
        with open(os.path.join(out, kind + "s.ndjson"), "w", encoding="ascii", newline="\n") as file:
            file.writelines(text)
    with open(os.path.join(out, "side.csv"), "w", encoding="ascii", newline="\n") as file:
        file.write("key,value\n")
        file.writelines(f"{key},{word(4, 8)}\n" for key in range(17))


if __name__ == "__main__":
    main()
