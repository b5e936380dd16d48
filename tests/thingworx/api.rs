//! A client with nothing but an address and a key: services, uploads, downloads.

use serde_json::{Value, json};

use support::http::{Answer, Http};
use support::ok;
use support::server::Server;

/// The services around jobs.
pub(super) const JOBS: &str = "Resources/TW.AnalysisServices.JobManagementServicesAPI";
/// Those around models.
pub(super) const MODELS: &str = "Resources/TW.AnalysisServices.ModelManagementServicesAPI";
/// Those around providers.
pub(super) const PROVIDERS: &str = "Resources/TW.AnalysisServices.ProviderManagementServicesAPI";
/// The repository of model files.
pub(super) const REPOSITORY: &str = "TW.AnalysisServices.ModelRepository";

/// The client.
pub(super) struct Api {
    /// Sends no token by itself.
    pub(super) http: Http,
    key: String,
}

/// One part of a form: a field's name, a file's name, the content.
pub(super) type Part<'a> = (&'a str, Option<&'a str>, &'a [u8]);

impl Api {
    /// With the administrator's key.
    pub(super) fn of(server: &Server) -> Self {
        Self { http: Http::new(&server.http.url, ""), key: server.http.token.clone() }
    }

    /// With a new key of this organisation, which is made if need be.
    pub(super) fn with_rights(server: &Server, organisation: &str, rights: &[&str]) -> Self {
        if organisation != "default" {
            let made = server.http.put(&format!("/v1/organisations/{organisation}"), "application/json", b"{}");
            assert!([200, 201].contains(&made.status), "{}", made.text());
        }
        let token = json!({"organisation": organisation, "label": "test", "rights": rights});
        let made = server.http.post("/v1/tokens", &token).expect(201).json();
        let key = made["secret"].as_str().unwrap_or_default().to_owned();
        Self { http: Http::new(&server.http.url, ""), key }
    }

    /// One call of a service.
    pub(super) fn call(&self, entity: &str, service: &str, body: &Value) -> Answer {
        let headers =
            [("appKey", self.key.as_str()), ("accept", "application/json"), ("content-type", "application/json")];
        let address = format!("/Thingworx/{entity}/Services/{service}");
        self.http.call("POST", &address, &headers, Some(body.to_string().as_bytes()))
    }

    /// The one value that a service answers.
    pub(super) fn scalar(&self, entity: &str, service: &str, body: &Value) -> Value {
        self.call(entity, service, body).expect(200).json()["rows"][0]["result"].clone()
    }

    /// The rows that a service answers.
    pub(super) fn rows(&self, entity: &str, service: &str, body: &Value) -> Vec<Value> {
        let table = self.call(entity, service, body).expect(200).json();
        ok(table["rows"].as_array().cloned().ok_or(&table), "rows")
    }

    /// One field of each row.
    pub(super) fn column(&self, entity: &str, service: &str, body: &Value, field: &str) -> Vec<String> {
        let rows = self.rows(entity, service, body);
        rows.iter().map(|row| row[field].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// What is said behind the sentence that every failed call begins with.
    pub(super) fn refusal(&self, entity: &str, service: &str, body: &Value) -> String {
        let answer = self.call(entity, service, body);
        let text = answer.text();
        assert_eq!(answer.status, 500, "{service}: {text}");
        let name = entity.split('/').next_back().unwrap_or_default();
        let begins = format!("Unable to Invoke Service {service} on {name} : ");
        ok(text.strip_prefix(&begins).map(str::to_owned).ok_or(&text), service)
    }

    /// Reads an address.
    pub(super) fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.read("GET", path, headers)
    }

    /// Reads an address with this method.
    pub(super) fn read(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let usual = [("appKey", self.key.as_str()), ("accept", "application/json")];
        let headers: Vec<_> = usual.into_iter().chain(headers.iter().copied()).collect();
        self.http.call(method, path, &headers, None)
    }

    /// Sends a form as a program does.
    pub(super) fn form(&self, parts: &[Part<'_>]) -> Answer {
        let token = ("x-xsrf-token", "TWX-XSRF-TOKEN-VALUE");
        self.upload_as("multipart/form-data; boundary=XX", &[token], &form(parts))
    }

    /// Sends these bytes to where uploads go.
    pub(super) fn upload_as(&self, content_type: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let usual = [("appKey", self.key.as_str()), ("accept", "application/json"), ("content-type", content_type)];
        let headers: Vec<_> = usual.into_iter().chain(headers.iter().copied()).collect();
        self.http.call("POST", "/Thingworx/FileRepositoryUploader", &headers, Some(body))
    }

    /// Uploads one file, which has to work.
    pub(super) fn upload(&self, folder: &str, name: &str, content: &[u8]) {
        let parts: [Part<'_>; 4] = [
            ("upload-repository", None, REPOSITORY.as_bytes()),
            ("upload-path", None, folder.as_bytes()),
            ("upload-files", Some(name), content),
            ("upload-submit", None, b"Upload"),
        ];
        self.form(&parts).expect(200);
    }

    /// The paths of all files in a folder.
    pub(super) fn files(&self, folder: &str) -> Vec<String> {
        self.column(&format!("Things/{REPOSITORY}"), "GetFileListing", &json!({"path": folder}), "path")
    }

    /// The key, for calls that are made by hand.
    pub(super) fn key(&self) -> &str {
        &self.key
    }
}

/// The bytes of a form with the boundary `XX`.
pub(super) fn form(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, content) in parts {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        body.extend(format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n").as_bytes());
        body.extend(*content);
        body.extend(b"\r\n");
    }
    body.extend(b"--XX--\r\n");
    body
}

/// The address of a file in the repository of models.
pub(super) fn address(path: &str) -> String {
    format!("/Thingworx/FileRepositories/{REPOSITORY}/{path}")
}
