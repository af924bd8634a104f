//! The tutorial as a manual page: man/tutorial.md, whose commands a test runs, taken apart. Knows as much markdown as
//! stands there: headings, paragraphs and `console` blocks.

use super::Block;

const TUTORIAL: &str = include_str!("../../../man/tutorial.md");

pub fn page() -> Vec<Block> {
    blocks(TUTORIAL)
}

fn blocks(markdown: &str) -> Vec<Block> {
    let mut out = vec![Block::Heading("Description".into())];
    let mut paragraph = String::new();
    let mut code: Option<String> = None;
    for line in markdown.lines() {
        if line.starts_with("```") {
            match code.take() {
                Some(lines) => out.push(Block::Code(lines.trim_end().into())),
                None => code = Some(String::new()),
            }
            continue;
        }
        if let Some(lines) = &mut code {
            lines.push_str(line);
            lines.push('\n');
            continue;
        }
        let heading = line.strip_prefix("## ");
        if (line.is_empty() || heading.is_some()) && !paragraph.is_empty() {
            out.push(Block::Text(std::mem::take(&mut paragraph)));
        }
        match heading {
            Some(title) => out.push(Block::Heading(title.into())),
            // The title is the page's name.
            None if line.starts_with("# ") => {}
            None => {
                if !paragraph.is_empty() && !line.is_empty() {
                    paragraph.push(' ');
                }
                paragraph.push_str(&line.replace('*', ""));
            }
        }
    }
    if !paragraph.is_empty() {
        out.push(Block::Text(paragraph));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_is_taken_apart() {
        let found = blocks("# T\n\nOne\ntwo.\n\n## H\n\n```console\n$ a\nb\n```\nlast\n");
        let expected = [
            Block::Heading("Description".into()),
            Block::Text("One two.".into()),
            Block::Heading("H".into()),
            Block::Code("$ a\nb".into()),
            Block::Text("last".into()),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn there_are_ten_steps() {
        let headings = page()
            .into_iter()
            .filter(|block| matches!(block, Block::Heading(title) if title.starts_with(|c: char| c.is_ascii_digit())));
        assert_eq!(headings.count(), 10);
    }
}
