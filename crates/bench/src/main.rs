//! The binary `bench`: compares the relay with other echo servers and prints the results as Markdown.

#[cfg(target_os = "linux")]
mod run;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    match run::run() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("error: the benchmark needs Linux, to pin processes to cores and to read their CPU clocks");
    std::process::exit(1);
}
