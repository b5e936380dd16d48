//! A request as a form: the parts `query` and `variables`, as clients send them who could send files as well.

use std::convert::Infallible;

use bytes::Bytes;
use futures::stream;
use multer::Multipart;

use crate::aiware::error::{ErrorId, Refusal};

/// The most parts of a form.
const PARTS: usize = 8;

/// What a form holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) query: String,
    /// JSON as text; `None`: there are none.
    pub(super) variables: Option<String>,
    pub(super) operation: Option<String>,
}

fn malformed(detail: impl Into<String>) -> Refusal {
    Refusal::new(ErrorId::Malformed, detail)
}

/// Reads a form, all of which has come.
pub(super) async fn read(media_type: &[u8], body: Bytes) -> Result<Form, Refusal> {
    let media_type = std::str::from_utf8(media_type).unwrap_or_default();
    let boundary = multer::parse_boundary(media_type).map_err(|_| malformed("the form has no boundary"))?;
    let whole = stream::once(async move { Ok::<_, Infallible>(body) });
    let mut parts = Multipart::new(whole, boundary);
    let (mut form, mut found) = (Form::default(), 0);
    let broken = |error: multer::Error| {
        malformed(format!("the form cannot be read: {error}").chars().take(400).collect::<String>())
    };
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        found += 1;
        if found > PARTS {
            return Err(malformed(format!("the form has more than {PARTS} parts")));
        }
        if part.file_name().is_some() {
            return Err(Refusal::new(
                ErrorId::NotImplemented,
                "files are uploaded by other calls, not with a document",
            ));
        }
        let name = part.name().unwrap_or_default().to_owned();
        let text = part.text().await.map_err(broken)?;
        match name.as_str() {
            "query" => form.query = text,
            "variables" => form.variables = Some(text),
            "operationName" => form.operation = Some(text).filter(|name| !name.is_empty()),
            _ => {
                let shown: String = name.chars().take(80).collect();
                return Err(malformed(format!("the form has a part `{shown}` that is not known here")));
            }
        }
    }
    if form.query.trim().is_empty() {
        return Err(malformed("the form has no part `query`"));
    }
    Ok(form)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_form_has_a_query_and_variables() {
        let part = |name: &str, text: &str| {
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
        };
        let form =
            async |parts: &str| read(b"multipart/form-data; boundary=b", format!("{parts}--b--\r\n").into()).await;
        let some = form(&(part("query", "{a}") + &part("variables", "{}"))).await;
        let expected = Form { query: "{a}".to_owned(), variables: Some("{}".to_owned()), operation: None };
        assert_eq!(some.ok(), Some(expected));
        for (wrong, why) in [(part("variables", "{}"), "no part `query`"), (part("more", ""), "a part `more`")] {
            assert!(form(&wrong).await.is_err_and(|refusal| refusal.detail().contains(why)), "{wrong}");
        }
        assert!(read(b"multipart/form-data", Bytes::new()).await.is_err());
    }
}
