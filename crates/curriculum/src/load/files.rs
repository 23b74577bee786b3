//! Reads the files of a course, from a folder or from the binary, within size limits.

use super::Source;
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use toml_fields::Problems;

/// The largest text, in bytes.
const MAX_TEXT: u64 = 256 << 10;
/// The largest picture.
const MAX_ASSET: u64 = 2 << 20;
/// All files together.
const MAX_ALL: u64 = 16 << 20;
/// More files than any course has. A folder that is not a course may have more.
const MAX_FILES: usize = 4096;
/// Folders within folders.
const MAX_DEPTH: usize = 4;

/// By name relative to the course folder, with `/` between folders.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// Returns `None` and adds a problem if the folder cannot be read.
pub(super) fn read(source: &Source, problems: &Problems) -> Option<Files> {
    match source {
        Source::Embedded => Some(of_table(super::COURSE)),
        Source::Folder(folder) => {
            let what = match folder.canonicalize().and_then(|root| fs::read_dir(&root).map(|_| root)) {
                Ok(root) => {
                    let mut reader = FolderReader { root: &root, files: Files::new(), bytes: 0, full: false, problems };
                    reader.folder(&root, "", 0);
                    return Some(reader.files);
                }
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    format!("the folder {} does not exist", folder.display())
                }
                Err(error) => format!("the folder {} cannot be read: {error}", folder.display()),
            };
            problems.add("course.toml", None, what, "Run `framescope course new DIR` to create a course.");
            None
        }
    }
}

fn of_table(table: &[(&str, &[u8])]) -> Files {
    table.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect()
}

struct FolderReader<'a> {
    root: &'a Path,
    files: Files,
    bytes: u64,
    /// Whether a limit was exceeded. This is reported once.
    full: bool,
    problems: &'a Problems,
}

impl FolderReader<'_> {
    fn folder(&mut self, folder: &Path, prefix: &str, depth: usize) {
        let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => {
                return self.problems.add(
                    prefix,
                    None,
                    format!("this cannot be read: {error}"),
                    "Check its permissions.",
                );
            }
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let Some(name) = entry.file_name().to_str().map(|name| format!("{prefix}{name}")) else {
                let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
                self.problems.add(&name, None, "the file name is not valid UTF-8", "Rename the file.");
                continue;
            };
            // Files of editors and version control.
            if entry.file_name().to_string_lossy().starts_with('.') || name.ends_with('~') {
                continue;
            }
            self.entry(&entry.path(), name, depth);
        }
    }

    fn entry(&mut self, path: &Path, name: String, depth: usize) {
        if self.full {
            return;
        }
        // Symlinks are followed.
        let (Ok(real), Ok(metadata)) = (path.canonicalize(), fs::metadata(path)) else {
            return self.problems.add(
                &name,
                None,
                "this cannot be read, or links to something that does not exist",
                "Fix or remove it.",
            );
        };
        if !real.starts_with(self.root) {
            let what = "this symlink leads out of the course folder";
            return self.problems.add(&name, None, what, "Copy the file into the course folder instead.");
        }
        if metadata.is_dir() {
            if depth == MAX_DEPTH {
                return self.problems.add(&name, None, "folders are nested too deep", "Remove this folder.");
            }
            return self.folder(path, &format!("{name}/"), depth + 1);
        }
        if !metadata.is_file() {
            return self.problems.add(&name, None, "this is neither a file nor a folder", "Remove it.");
        }
        let limit = if name.starts_with("assets/") { MAX_ASSET } else { MAX_TEXT };
        if metadata.len() > limit {
            let what = format!("the file has {} bytes; the limit is {limit}", metadata.len());
            return self.problems.add(&name, None, what, "Make it smaller.");
        }
        match fs::read(path) {
            Ok(bytes) => {
                self.bytes += bytes.len() as u64;
                if self.bytes > MAX_ALL || self.files.len() == MAX_FILES {
                    self.full = true;
                    let what = format!("the course has more than {} MiB or {MAX_FILES} files", MAX_ALL >> 20);
                    return self.problems.add(&name, None, what, "Make it smaller. The remaining files were not read.");
                }
                self.files.insert(name, bytes);
            }
            Err(error) => {
                self.problems.add(&name, None, format!("this cannot be read: {error}"), "Check its permissions.")
            }
        }
    }
}
