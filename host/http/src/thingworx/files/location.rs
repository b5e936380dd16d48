//! Where a file stands: in which repository, under which path. Read from addresses and from forms.
//!
//! Each segment of an address is decoded once and must not hold a separator then, so that every file has one address and
//! none leads anywhere else. Which names a path may hold is the job manager's rule; what breaks it names no file.

use percent_encoding::percent_decode_str;

/// What stands before repository and path in an address.
pub(crate) const PREFIX: &str = "/Thingworx/FileRepositories/";
/// Files of models: uploaded, and named when a model is created.
pub(crate) const MODELS: &str = "TW.AnalysisServices.ModelRepository";
/// Result files of jobs, in folders `PROVIDER/JOB`.
pub(crate) const JOBS: &str = "TW.AnalysisServices.JobRepository";

/// Longest address that is looked at; longer ones hold more than any path may.
const LONGEST: usize = 8 * 1024;

/// Where a file stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileLocation {
    /// The repository.
    pub(crate) repository: String,
    /// The path in it: names joined by `/`.
    pub(crate) path: String,
}

impl FileLocation {
    /// Of an address's path, as it stands in a request or in an address that a client wrote. `None`: no file can stand there.
    pub(crate) fn of_address(path: &str) -> Option<Self> {
        let rest = path.strip_prefix(PREFIX).filter(|rest| rest.len() <= LONGEST)?;
        let (repository, path) = rest.split_once('/')?;
        let names: Vec<String> = path.split('/').map(decoded).collect::<Option<_>>()?;
        Some(Self { repository: decoded(repository)?, path: names.join("/") })
    }

    /// Of the two parts that a form or a query holds; a path may begin and end with a slash.
    pub(crate) fn of_parts(repository: &str, path: &str) -> Self {
        Self { repository: repository.to_owned(), path: trim_slashes(path).to_owned() }
    }

    /// Of the whole of an address that a client names a file by: `/Thingworx/…`, or the same after a scheme and a host.
    /// Which host makes no difference, since nothing is ever fetched from there: the file is one of this server's own.
    pub(crate) fn of_url(url: &str) -> Option<Self> {
        let path = match url.split_once("://") {
            Some((scheme, rest)) if ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) => {
                rest.get(rest.find('/')?..)?
            }
            Some(_) => return None,
            None => url,
        };
        if path.contains(['?', '#']) {
            return None;
        }
        Self::of_address(path)
    }

    /// Its address.
    pub(crate) fn address(&self) -> String {
        // Of all that a name may hold, a blank alone has to be written otherwise.
        format!("{PREFIX}{}/{}", self.repository, self.path.replace(' ', "%20"))
    }
}

/// A path without the slash at its beginning and the one at its end.
pub(crate) fn trim_slashes(path: &str) -> &str {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.strip_suffix('/').unwrap_or(path)
}

/// A segment, decoded once.
fn decoded(segment: &str) -> Option<String> {
    let decoded = percent_decode_str(segment).decode_utf8().ok()?;
    let odd = |c: char| matches!(c, '/' | '\\') || c.is_control();
    let name = !decoded.is_empty() && decoded != "." && decoded != ".." && !decoded.contains(odd);
    name.then(|| decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(path: &str) -> FileLocation {
        FileLocation { repository: MODELS.to_owned(), path: path.to_owned() }
    }

    #[test]
    fn every_file_has_one_address() {
        for (rest, expected) in [
            ("p/m.onnx", Some(location("p/m.onnx"))),
            ("p/My%20model.onnx", Some(location("p/My model.onnx"))),
            ("p/%6d.onnx", Some(location("p/m.onnx"))),
            ("p/a+b", Some(location("p/a+b"))),
            // Decoded once: what is left is a name that no file has.
            ("p/%252e%252e", Some(location("p/%2e%2e"))),
            ("p/%zz", Some(location("p/%zz"))),
            ("", None),
            ("/", None),
            ("p/", None),
            ("/p", None),
            ("p//m", None),
            (".", None),
            ("..", None),
            ("p/../m", None),
            ("p/..", None),
            ("%2e%2e/m", None),
            ("p/%2E%2e/m", None),
            ("p/.%2e", None),
            ("p%2fm", None),
            ("p%2F..%2Fm", None),
            ("p\\..\\m", None),
            ("p/%5c..%5cm", None),
            ("p/m%00.onnx", None),
            ("p/m%0a", None),
            ("p/%ff", None),
            ("p/%c0%ae%c0%ae", None),
        ] {
            assert_eq!(FileLocation::of_address(&format!("{PREFIX}{MODELS}/{rest}")), expected, "{rest}");
        }
        assert_eq!(FileLocation::of_address(&format!("{PREFIX}{MODELS}")), None);
        assert_eq!(FileLocation::of_address(&format!("{PREFIX}/p")), None);
        assert_eq!(FileLocation::of_address(&format!("{PREFIX}../{MODELS}/p")), None);
        assert_eq!(FileLocation::of_address(&format!("{PREFIX}{MODELS}/{}", "a".repeat(LONGEST))), None);
    }

    #[test]
    fn an_address_of_a_file_is_one_of_this_server() {
        let own = "/Thingworx/FileRepositories/TW.AnalysisServices.ModelRepository/p/m.onnx";
        for url in [own.to_owned(), format!("https://analyte.example:8443{own}"), format!("HTTP://127.0.0.1{own}")] {
            assert_eq!(FileLocation::of_url(&url), Some(location("p/m.onnx")), "{url}");
        }
        for url in [
            "",
            "http://",
            "http://example.org",
            "http://example.org/m.onnx",
            "//example.org/Thingworx/FileRepositories/TW.AnalysisServices.ModelRepository/p/m.onnx",
            "file:///etc/passwd",
            "file:///Thingworx/FileRepositories/TW.AnalysisServices.ModelRepository/p/m.onnx",
            "ftp://h/Thingworx/FileRepositories/TW.AnalysisServices.ModelRepository/p/m.onnx",
            "javascript://h/Thingworx/FileRepositories/TW.AnalysisServices.ModelRepository/p/m.onnx",
            "http://h/x?/Thingworx/FileRepositories/TW.AnalysisServices.ModelRepository/p/m.onnx",
            "/Thingworx/FileRepositories/TW.AnalysisServices.ModelRepository/p/m.onnx?x=1",
            "/Thingworx/FileRepositories/TW.AnalysisServices.ModelRepository/p/m.onnx#x",
            "/thingworx/FileRepositories/TW.AnalysisServices.ModelRepository/p/m.onnx",
            "Thingworx/FileRepositories/TW.AnalysisServices.ModelRepository/p/m.onnx",
            "/etc/passwd",
        ] {
            assert_eq!(FileLocation::of_url(url), None, "{url}");
        }
    }

    #[test]
    fn an_address_leads_back_to_its_location() {
        for path in ["p/m.onnx", "p/My model v1.2.onnx", "a/b/c"] {
            let location = FileLocation::of_parts(MODELS, path);
            assert_eq!(FileLocation::of_address(&location.address()), Some(location));
        }
        for (given, path) in [("/p", "p"), ("p/", "p"), ("/p/q/", "p/q"), ("/", ""), ("", ""), ("//p", "/p")] {
            assert_eq!(trim_slashes(given), path, "{given}");
        }
    }
}
