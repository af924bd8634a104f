//! The program: calls the command line and turns its answer into an exit status. Decides nothing itself;
//! whatever happens below, the process ends with the status that `cli::run` gives.

fn main() {
    let words = std::env::args_os().skip(1).collect();
    std::process::exit(dstream::cli::run(words));
}
