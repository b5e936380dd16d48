//! Files: uploads, downloads, and what must not be one.

use serde_json::json;

use super::api::{Api, JOBS, Part, REPOSITORY, address, form};
use support::eventually;
use support::raw::Raw;
use support::server::{Server, Setup};

/// The type of a form of the boundary that [`form`] uses.
const FORM: &str = "multipart/form-data; boundary=XX";
/// The repository as an entity.
const THING: &str = "Things/TW.AnalysisServices.ModelRepository";

/// Bytes that hold everything that a form's parser looks for.
fn awkward() -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..600_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[1]).collect();
    for at in [0, 32_767, 65_530, 599_990] {
        bytes[at..at + 8].copy_from_slice(b"\r\n--X\r\n\r");
    }
    bytes
}

#[test]
fn a_file_comes_back_as_it_went() {
    let server = Server::start();
    let api = Api::of(&server);
    let bytes = awkward();
    api.upload("/p", "My model v1.bin", &bytes);
    let path = address("p/My%20model%20v1.bin");

    let whole = api.get(&path, &[]).expect(200);
    assert!(whole.body == bytes);
    let headers = |names: &[&str]| names.iter().map(|name| whole.header(name)).collect::<Vec<_>>();
    assert_eq!(
        headers(&["content-type", "content-length", "content-disposition", "x-content-type-options", "accept-ranges"]),
        ["application/octet-stream", "600000", "attachment; filename=\"My model v1.bin\"", "nosniff", "bytes"]
    );
    let head = api.read("HEAD", &path, &[]).expect(200);
    assert_eq!((head.body.len(), head.header("content-length")), (0, "600000".to_owned()));

    let part = api.get(&path, &[("range", "bytes=262140-262150")]).expect(206);
    assert!(part.body == bytes[262_140..=262_150]);
    assert_eq!(part.header("content-range"), "bytes 262140-262150/600000");
    assert!(api.get(&path, &[("range", "bytes=-10")]).expect(206).body == bytes[599_990..]);
    assert_eq!(api.get(&path, &[("range", "bytes=600000-")]).expect(416).header("content-range"), "bytes */600000");
    let tag = whole.header("etag");
    assert_eq!(api.get(&path, &[("if-none-match", &tag)]).expect(304).body, b"");

    // As other clients ask for it.
    let asked = format!(
        "/Thingworx/FileRepositoryDownloader?download-repository={REPOSITORY}&download-path=%2Fp%2FMy+model+v1.bin"
    );
    assert!(api.get(&asked, &[]).expect(200).body == bytes);

    // Replaced, listed, deleted.
    api.upload("p", "My model v1.bin", b"short");
    assert_eq!(api.get(&path, &[]).expect(200).body, b"short");
    let rows = api.rows(THING, "GetFileListingWithLinks", &json!({"path": "/p/"}));
    let row = rows.first().expect("a row");
    assert_eq!(
        (rows.len(), &row["name"], &row["path"], &row["fileType"], &row["size"], &row["downloadLink"]),
        (1, &json!("My model v1.bin"), &json!("/p/My model v1.bin"), &json!("F"), &json!(5.0), &json!(path))
    );
    api.call(THING, "DeleteFile", &json!({"path": "/p/My model v1.bin"})).expect(200);
    assert_eq!(api.get(&path, &[]).expect(404).text(), "there is no such file");
    assert!(api.refusal(THING, "DeleteFile", &json!({"path": "/p/My model v1.bin"})).starts_with("there is no file"));
}

#[test]
fn pages_are_saved_and_never_shown() {
    let server = Server::start();
    let api = Api::of(&server);
    let page = b"<script>alert(document.cookie)</script>";
    api.form(&[("upload-repository", None, REPOSITORY.as_bytes()), ("upload-files", Some("page.html"), page)])
        .expect(200);
    let answer = api.get(&address("page.html"), &[("accept", "text/html")]).expect(200);
    let headers = ["content-type", "content-disposition", "x-content-type-options"].map(|name| answer.header(name));
    assert_eq!(headers, ["text/html", "attachment; filename=\"page.html\"", "nosniff"]);
    assert!(answer.header("content-security-policy").starts_with("default-src 'none'"));
    assert_eq!(answer.body, page);
}

#[test]
fn forms_are_taken_as_clients_send_them() {
    let server = Server::start();
    let api = Api::of(&server);
    let repository: Part<'_> = ("upload-repository", None, REPOSITORY.as_bytes());
    // The file first; several of them; names that clients number; a path said twice; no path at all.
    let taken: [(&[Part<'_>], &str); 6] = [
        (&[("upload-files", Some("1.csv"), b"a"), repository, ("upload-path", None, b"/p")], "/p/1.csv\n"),
        (
            &[
                repository,
                ("upload-path", None, b"/p"),
                ("upload-files", Some("2.csv"), b"b"),
                ("upload-files", Some("3.csv"), b""),
            ],
            "/p/2.csv\n/p/3.csv\n",
        ),
        (
            &[
                ("upload-path-7f-1", None, b"/p/"),
                ("upload-repository-7f-1", None, REPOSITORY.as_bytes()),
                ("upload-files-7f-1", Some("4.csv"), b"c"),
                ("upload-path-7f-1", None, b"Upload"),
            ],
            "/p/4.csv\n",
        ),
        (&[repository, ("upload-submit", None, b"Upload"), ("file", Some("5.csv"), b"d")], "/5.csv\n"),
        (&[repository, ("upload-path", None, b"/"), ("upload-files", Some("6.csv"), b"e")], "/6.csv\n"),
        // What a browser sends of a field in which nothing was chosen.
        (&[repository, ("upload-files", Some(""), b""), ("upload-files", Some("7.csv"), b"f")], "/7.csv\n"),
    ];
    for (parts, answer) in taken {
        let done = api.form(parts).expect(200);
        assert_eq!(
            (done.text(), done.header("content-type")),
            (answer.to_owned(), "text/plain; charset=utf-8".to_owned())
        );
    }
    assert_eq!(api.files("/p"), ["/p/1.csv", "/p/2.csv", "/p/3.csv", "/p/4.csv"]);
    assert_eq!(api.files("/"), ["/5.csv", "/6.csv", "/7.csv"]);
    assert_eq!(api.files("/q"), [""; 0]);
    let masked = |mask: &str| api.column(THING, "GetFileListing", &json!({"path": "p", "nameMask": mask}), "name");
    assert_eq!((masked("*.CSV").len(), masked("1.csv"), masked("?").len()), (4, vec!["1.csv".to_owned()], 0));
    assert_eq!(api.call(THING, "CreateFolder", &json!({"path": "/new"})).expect(200).body, b"");
    assert_eq!(api.get(&address("p/1.csv"), &[]).expect(200).header("content-type"), "text/csv");
}

#[test]
fn what_is_no_upload_leaves_nothing() {
    let config = "[limits]\nfree_disk_bytes = 0\nmodel_file_bytes = 5000\nrepository_bytes = 9000\nrepository_files = 3\nupload_parts = 5\n";
    let server = Server::with(&Setup { config, ..Setup::default() });
    let api = Api::of(&server);
    let repository: Part<'_> = ("upload-repository", None, REPOSITORY.as_bytes());
    let file: Part<'_> = ("upload-files", Some("m.csv"), b"a,b");
    let large = vec![b'x'; 5_001];
    let half = vec![b'x'; 4_900];
    let long = vec![b'x'; 5_000];
    let refused: [(&str, &[Part<'_>], u16, &str); 9] = [
        ("no repository", &[file], 400, "the form has no field `upload-repository`"),
        (
            "a foreign repository",
            &[("upload-repository", None, b"SystemRepository"), file],
            404,
            "there is no file repository `SystemRepository` that takes uploads; `TW.AnalysisServices.ModelRepository` does",
        ),
        (
            "the repository of jobs",
            &[("upload-repository", None, b"TW.AnalysisServices.JobRepository"), file],
            404,
            "there is no file repository `TW.AnalysisServices.JobRepository` that takes uploads; `TW.AnalysisServices.ModelRepository` does",
        ),
        ("no file", &[repository, ("upload-files", None, b"a,b")], 400, "the form holds no file"),
        (
            "a file beyond its limit",
            &[repository, ("upload-files", Some("m.csv"), &large)],
            413,
            "`m.csv` has more than 5000 bytes (limit model_file_bytes)",
        ),
        (
            "files beyond theirs",
            &[repository, ("upload-files", Some("m.csv"), &half), ("upload-files", Some("n.csv"), &half)],
            413,
            "the files have more than 9000 bytes (limit repository_bytes)",
        ),
        (
            "a long field",
            &[repository, file, ("upload-path", None, &long)],
            400,
            "the field `upload-path` has more than 4096 bytes and is no file",
        ),
        (
            "many parts",
            &[repository, file, file, file, file, file],
            413,
            "the form has more than 5 parts (limit upload_parts)",
        ),
        ("not UTF-8", &[repository, file, ("upload-path", None, b"\xff")], 400, "a field of the form is not UTF-8"),
    ];
    for (what, parts, status, sentence) in refused {
        let answer = api.form(parts);
        assert_eq!((answer.status, answer.text().as_str()), (status, sentence), "{what}");
    }

    let token = ("x-xsrf-token", "TWX-XSRF-TOKEN-VALUE");
    let whole = form(&[repository, file]);
    assert_eq!(api.upload_as(FORM, &[], &whole).status, 403);
    assert_eq!(api.upload_as(FORM, &[("x-xsrf-token", "other")], &whole).status, 403);
    assert_eq!(api.upload_as("multipart/form-data", &[token], &whole).status, 400);
    assert_eq!(api.upload_as("application/json", &[token], b"{}").status, 400);
    // Broken off, with another boundary, with much too much where a boundary or a head should be.
    for cut in [0, 1, 20, whole.len() / 2, whole.len() - 20, whole.len() - 6] {
        assert_eq!(api.upload_as(FORM, &[token], &whole[..cut]).status, 400, "cut at {cut}");
    }
    assert_eq!(api.upload_as("multipart/form-data; boundary=YY", &[token], &whole).status, 400);
    let flood = vec![b'x'; 4 << 20];
    let too_much = "the form has more than 65536 bytes where a boundary or the head of a part should be";
    assert_eq!(api.upload_as(FORM, &[token], &flood).expect(400).text(), too_much);
    let head = [b"--XX\r\nContent-Disposition: form-data; name=\"", &flood[..], b"\"\r\n\r\n\r\n--XX--\r\n"].concat();
    assert_eq!(api.upload_as(FORM, &[token], &head).expect(400).text(), too_much);
    assert_eq!(api.files("/"), [""; 0]);

    // Full: what was kept before stays.
    for name in ["1.csv", "2.csv", "3.csv"] {
        api.upload("", name, b"a");
    }
    let full = api.form(&[repository, file]).expect(413).text();
    assert!(full.contains("limit repository_files"), "{full}");
    api.upload("", "3.csv", b"b");
    assert_eq!(api.files("/"), ["/1.csv", "/2.csv", "/3.csv"]);
}

#[test]
fn no_path_leads_anywhere_else() {
    let server = Server::start();
    let api = Api::of(&server);
    let repository: Part<'_> = ("upload-repository", None, REPOSITORY.as_bytes());
    let long = "n".repeat(129);
    for (folder, name) in [
        ("..", "m.csv"),
        ("/../..", "m.csv"),
        ("p/../q", "m.csv"),
        ("//p", "m.csv"),
        ("p//q", "m.csv"),
        (".", "m.csv"),
        ("p\\q", "m.csv"),
        ("..\\..", "m.csv"),
        ("%2e%2e", "m.csv"),
        ("C:", "m.csv"),
        ("p\u{0}", "m.csv"),
        ("1/2/3/4/5/6/7/8", "m.csv"),
        (&long, "m.csv"),
        ("p", ".."),
        ("p", "../m.csv"),
        ("p", "/etc/passwd"),
        ("p", "..\\m.csv"),
        ("p", ".hidden"),
        ("p", "m\u{e9}.csv"),
        ("p", &long),
    ] {
        let parts = [repository, ("upload-path", None, folder.as_bytes()), ("upload-files", Some(name), b"a")];
        let answer = api.form(&parts);
        assert_eq!(answer.status, 400, "{folder:?} {name:?}: {}", answer.text());
    }
    for folder in ["/", "/p", ".."] {
        assert_eq!(api.files(folder), [""; 0], "{folder}");
    }

    api.upload("p", "m.csv", b"what is in it");
    let secret = std::fs::read_to_string(server.data_dir().join("admin-token")).expect("the token");
    for path in [
        "p//m.csv",
        "/p/m.csv",
        "p/./m.csv",
        "p/../p/m.csv",
        "p/%2e%2e/p/m.csv",
        "p%2Fm.csv",
        "p/%2e%2e%2fm.csv",
        "p\\m.csv",
        "p/%5Cm.csv",
        "p/m.csv%00",
        "p/m.csv/",
        "p/%6D.csv%2F..%2Fm.csv",
        "p/%252e%252e/m.csv",
        "../admin-token",
        "..%2fadmin-token",
        "%2e%2e/%2e%2e/admin-token",
        "..%5c..%5cadmin-token",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "p",
        "",
        &long,
    ] {
        // As it stands: other clients would tidy it up first.
        let mut raw = Raw::connect(&server.http);
        let head = format!(
            "GET {} HTTP/1.1\r\nhost: localhost\r\nappKey: {}\r\nconnection: close\r\n\r\n",
            address(path),
            api.key()
        );
        raw.send(head);
        raw.until_closed();
        let said = raw.text();
        assert!(said.starts_with("HTTP/1.1 404 ") || said.starts_with("HTTP/1.1 400 "), "{path}: {said}");
        assert!(!said.contains("what is in it") && !said.contains(secret.trim()), "{path}: {said}");
    }
    for (repository, path) in [
        ("", "p/m.csv"),
        ("..", "admin-token"),
        (REPOSITORY, "../admin-token"),
        (REPOSITORY, "p%2Fm.csv"),
        (REPOSITORY, "//p/m.csv"),
    ] {
        let address =
            format!("/Thingworx/FileRepositoryDownloader?download-repository={repository}&download-path={path}");
        let status = api.get(&address, &[]).status;
        // Decoded once, `p%2Fm.csv` is the file's path: a query string has no segments.
        assert_eq!(status, if path == "p%2Fm.csv" { 200 } else { 404 }, "{address}");
    }
    assert_eq!(api.get("/Thingworx/FileRepositoryDownloader", &[]).status, 404);
}

#[test]
fn files_belong_to_an_organisation_and_to_rights() {
    let server = Server::start();
    let all = &["jobs:read", "providers:write"];
    let [acme, other] = ["acme", "other"].map(|name| Api::with_rights(&server, name, all));
    let reader = Api::with_rights(&server, "acme", &["jobs:read", "jobs:write"]);
    let writer = Api::with_rights(&server, "acme", &["providers:write"]);
    acme.upload("p", "m.csv", b"acme's");
    assert_eq!(reader.get(&address("p/m.csv"), &[]).expect(200).body, b"acme's");
    assert_eq!(
        other.get(&address("p/m.csv"), &[]).expect(404).text(),
        other.get(&address("p/n.csv"), &[]).expect(404).text()
    );
    assert_eq!(other.files("p"), [""; 0]);
    assert_eq!(
        other.refusal(THING, "DeleteFile", &json!({"path": "p/m.csv"})),
        "there is no file `p/m.csv` in `TW.AnalysisServices.ModelRepository`"
    );
    other.upload("p", "m.csv", b"another's");
    assert_eq!(acme.get(&address("p/m.csv"), &[]).expect(200).body, b"acme's");

    let parts: [Part<'_>; 2] =
        [("upload-repository", None, REPOSITORY.as_bytes()), ("upload-files", Some("n.csv"), b"n")];
    assert_eq!(reader.form(&parts).status, 403);
    assert_eq!(writer.get(&address("p/m.csv"), &[]).status, 403);
    let denied = reader.call(THING, "DeleteFile", &json!({"path": "p/m.csv"})).expect(403).text();
    assert_eq!(denied, format!("Not authorized for ServiceInvoke on DeleteFile in {REPOSITORY}"));
    assert_eq!(acme.http.get(&address("p/m.csv")).status, 401);
}

#[test]
fn result_files_stand_in_a_repository_of_jobs() {
    let server = Server::with_plugins(&["hostile"]);
    let api = Api::of(&server);
    let job = json!({"providerName": "hostile", "modelName": "many-files", "inputParams": {"rows": [{"value": 1}]}});
    let id = api.scalar(JOBS, "SubmitJob", &job).as_str().expect("an id").to_owned();
    let named = json!({"providerName": "hostile", "jobId": id});
    eventually("the job to end", || (api.scalar(JOBS, "GetJobStatus", &named) == "COMPLETED").then_some(()));
    let links = api.column(JOBS, "GetJobResultFiles", &named, "link");
    assert_eq!(links.len(), 64);
    let file = format!("/Thingworx/FileRepositories/TW.AnalysisServices.JobRepository/hostile/{id}/file-7");
    assert!(links.contains(&file), "{links:?}");
    let native = server.http.get(&format!("/v1/jobs/{id}/files/file-7")).expect(200);
    let answer = api.get(&file, &[]).expect(200);
    let disposition = answer.header("content-disposition");
    assert_eq!((answer.body, disposition), (native.body, "attachment; filename=\"file-7\"".to_owned()));
    for other in [
        file.replace("/hostile/", "/other/"),
        file.replace("file-7", "file-99"),
        file.replace(&id, "01890a5d-ac96-774b-bcce-b302099a8057"),
        file.replace("JobRepository", "ModelRepository"),
        format!("{file}/x"),
    ] {
        assert_eq!(api.get(&other, &[]).status, 404, "{other}");
    }
    let foreign = Api::with_rights(&server, "acme", &["jobs:read"]);
    assert_eq!(foreign.get(&file, &[]).status, 404);
}

/// Most memory that a process has had so far, in KiB.
fn peak_memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("the process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[test]
fn large_files_never_lie_in_memory() {
    const SIZE: usize = 128 << 20;
    let server = Server::start();
    let api = Api::of(&server);
    api.upload("", "small.bin", b"first");
    let before = peak_memory(server.id());
    let bytes = vec![7_u8; SIZE];
    api.upload("", "large.bin", &bytes);
    assert_eq!(api.get(&address("large.bin"), &[]).expect(200).body.len(), SIZE);
    let grown = peak_memory(server.id()) - before;
    assert!(grown < 48 << 10, "{grown} KiB more for a file of {} KiB", SIZE >> 10);
}
