//! Who calls: by the key in the header `appKey`, by `Authorization: Basic` with a token's label as the user and the token
//! as the password, by `Authorization: Bearer`, or by the cookie of a session.
//!
//! A key in the address is refused even where it is valid or beside a valid one, unless that is configured: it would stay
//! in logs and histories. Credentials that disagree are refused. A cookie counts only where it is all there is; beside a
//! key it merely names the session, if that is one of the same token's. Nothing of this is logged.
//!
//! A refusal names `Basic` among the schemes, since some clients send a user's name only once they were asked for it. It
//! does not to what looks like a browser, which would ask its user, remember what was typed, and send it along with
//! whatever a foreign page makes it call.

use analyte_core::codes::Code;
use analyte_jobs::JobsError;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, HeaderMap, ORIGIN, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, Request, Uri};

use super::accept::Accept;
use super::content_filter::AmbientCredentials;
use super::error::Refusal;
use super::options::ThingworxOptions;
use super::{cookie, query_string, services, session};
use crate::entry::auth::{self, Caller};
use crate::problem::Problem;
use crate::shared::Shared;

/// What a client that shows nothing learns.
const HOW: &str =
    "this call needs a key: the header appKey, or Authorization: Basic with a token's label and the token";

/// What the client has to keep, in a request that opened a session.
#[derive(Debug, Clone)]
pub(super) struct SetCookie(pub(super) HeaderValue);

/// What a client shows to say who it is.
#[derive(Clone, PartialEq, Eq)]
struct Credentials {
    secret: String,
    /// The user's name of Basic.
    label: Option<String>,
}

/// Leaves in the request who calls, and in which session; or refuses.
#[expect(clippy::result_large_err, reason = "a refusal is the answer itself, and is not passed on far")]
pub(crate) fn admit<B>(shared: &Shared, request: &mut Request<B>) -> Result<(), Response> {
    if !shared.thingworx.enabled {
        use axum::response::IntoResponse as _;
        let caller = auth::authenticate(&shared.manager, request.headers()).map_err(Problem::into_response)?;
        request.extensions_mut().insert(caller);
        return Ok(());
    }
    find(shared, request).map_err(|problem| {
        let accept = Accept::of(request.uri(), request.headers(), shared.thingworx.default_accept);
        let problem = match problem.code() {
            Code::Unauthorized => challenge(problem, request.headers(), &accept),
            _ => problem,
        };
        Refusal::new(problem).answer(accept.refusal_format())
    })
}

fn find<B>(shared: &Shared, request: &mut Request<B>) -> Result<(), Problem> {
    let manager = &shared.manager;
    let credentials = credentials(request.uri(), request.headers(), shared.thingworx).map_err(unauthorized)?;
    let sessions = || cookie::read(request.headers()).into_iter().filter_map(|secret| manager.find_session(secret));
    let (principal, session) = if let Some(Credentials { secret, label }) = &credentials {
        let found = match label {
            Some(label) => manager.authenticate_as(label, secret),
            None => manager.authenticate(secret),
        };
        let principal = found.map_err(refused)?;
        // Only a session of this token counts, also where the client sends the cookie of another token's session.
        let session = sessions().find(|session| session.principal().token == principal.token);
        (principal, session)
    } else {
        let Some(session) = sessions().next() else {
            let over = !cookie::read(request.headers()).is_empty();
            return Err(unauthorized(if over { "the session is over, or never was; send a key" } else { HOW }));
        };
        manager.admit_session(&session).map_err(refused)?;
        (session.principal().clone(), Some(session))
    };
    let ambient = credentials.as_ref().is_none_or(|credentials| credentials.label.is_some());
    let session = match session {
        None if opens_session(request) => {
            let (session, cookie) = session::open(shared, &principal)?;
            request.extensions_mut().insert(SetCookie(cookie));
            Some(session)
        }
        session => session,
    };
    let extensions = request.extensions_mut();
    extensions.insert(Caller::new(principal));
    if let Some(session) = session {
        extensions.insert(session);
    }
    if ambient {
        extensions.insert(AmbientCredentials);
    }
    Ok(())
}

fn unauthorized(detail: &str) -> Problem {
    Problem::new(Code::Unauthorized, detail)
}

/// A caller without a valid key learns only that the key is not valid; a caller with one gets the reason.
fn refused(error: JobsError) -> Problem {
    match error.code() {
        Code::Unauthorized => unauthorized("the key is not valid"),
        _ => Problem::from(error),
    }
}

fn challenge(problem: Problem, headers: &HeaderMap, accept: &Accept) -> Problem {
    let browser = accept.names_html()
        || ["sec-fetch-mode", "sec-fetch-site", "x-requested-with"].iter().any(|name| headers.contains_key(*name))
        || headers.contains_key(ORIGIN);
    let schemes = if browser { "Bearer" } else { "Basic realm=\"Analyte\", charset=\"UTF-8\"" };
    problem.header(WWW_AUTHENTICATE, HeaderValue::from_static(schemes))
}

/// Whether the request opens a session: it asks for one, no page of another site made it, and there is something at its
/// address that may be asked more than once. Where it opens none it is answered like any other.
fn opens_session<B>(request: &Request<B>) -> bool {
    wants_session(request.uri(), request.headers())
        && !from_another_site(request.headers())
        && is_entity_or_service(request.method(), request.uri().path())
}

/// Whether a page made the request that is not of this very origin, as browsers tell by themselves.
fn from_another_site(headers: &HeaderMap) -> bool {
    let foreign = |site: &HeaderValue| [b"cross-site".as_slice(), b"same-site"].contains(&site.as_bytes());
    headers.get_all("sec-fetch-site").iter().any(foreign)
}

/// Whether a service is called, or an entity read, that is there. Addresses are taken as they are written.
fn is_entity_or_service(method: &Method, path: &str) -> bool {
    let mut segments = path.strip_prefix("/Thingworx/").unwrap_or_default().split('/');
    let (Some(collection), Some(name)) = (segments.next(), segments.next()) else { return false };
    let Some(entity) = services::find(collection, name) else { return false };
    match (segments.next(), segments.next(), segments.next()) {
        (Some("Services"), Some(service), None) => *method == Method::POST && entity.service(service).is_some(),
        (None | Some("Metadata"), None, None) => *method == Method::GET || *method == Method::HEAD,
        _ => false,
    }
}

/// Whether a session is asked for.
fn wants_session(uri: &Uri, headers: &HeaderMap) -> bool {
    const NAME: &str = "x-thingworx-session";
    match headers.get(NAME) {
        Some(value) => value.as_bytes().eq_ignore_ascii_case(b"true"),
        None => query_string::values(uri, NAME).first().is_some_and(|value| value.eq_ignore_ascii_case("true")),
    }
}

/// What the request shows beside cookies; all of it has to be the same.
fn credentials(uri: &Uri, headers: &HeaderMap, options: ThingworxOptions) -> Result<Option<Credentials>, &'static str> {
    let key = |secret: &str| Credentials { secret: secret.trim().to_owned(), label: None };
    let in_url = query_string::values(uri, "appKey");
    if !in_url.is_empty() && !options.key_in_url {
        return Err("ApplicationKey Is Not Allowed As A URL Parameter");
    }
    let mut all: Vec<Credentials> = in_url.iter().map(|value| key(value)).collect();
    for value in headers.get_all("appkey") {
        all.push(key(value.to_str().map_err(|_| "the header appKey cannot be read")?));
    }
    for value in headers.get_all(AUTHORIZATION) {
        const UNREADABLE: &str = "the header Authorization must be Basic or Bearer";
        let (scheme, rest) = value.to_str().map_err(|_| UNREADABLE)?.trim().split_once(' ').ok_or(UNREADABLE)?;
        if scheme.eq_ignore_ascii_case("bearer") {
            all.push(key(rest));
        } else if scheme.eq_ignore_ascii_case("basic") {
            all.push(basic(rest.trim()).ok_or("the user's name and password of Authorization: Basic cannot be read")?);
        } else {
            return Err(UNREADABLE);
        }
    }
    if all.iter().any(|credentials| credentials.secret.is_empty()) {
        return Err("the key is empty");
    }
    // With the label, where there is one: then it has to be right as well.
    let Some(first) = all.iter().find(|credentials| credentials.label.is_some()).or(all.first()).cloned() else {
        return Ok(None);
    };
    let agrees =
        |other: &Credentials| other.secret == first.secret && (other.label.is_none() || other.label == first.label);
    if all.iter().all(agrees) { Ok(Some(first)) } else { Err("the keys and names sent with this call disagree") }
}

fn basic(encoded: &str) -> Option<Credentials> {
    // What is not UTF-8 is Latin-1, which is all that the `btoa` of a browser can write.
    let latin = |bytes: Vec<u8>| bytes.into_iter().map(char::from).collect();
    let text = String::from_utf8(STANDARD.decode(encoded).ok()?).unwrap_or_else(|wrong| latin(wrong.into_bytes()));
    let (label, secret) = text.split_once(':')?;
    Some(Credentials { secret: secret.to_owned(), label: Some(label.to_owned()) })
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    /// Label and secret, or why not.
    fn read(
        address: &'static str,
        headers: &[(&'static str, &'static str)],
        key_in_url: bool,
    ) -> Result<Option<(Option<String>, String)>, &'static str> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let options = ThingworxOptions { key_in_url, ..ThingworxOptions::default() };
        credentials(&Uri::from_static(address), &map, options)
            .map(|credentials| credentials.map(|credentials| (credentials.label, credentials.secret)))
    }

    #[expect(clippy::unnecessary_wraps, reason = "to be compared with what may be refused")]
    fn some(label: Option<&str>, secret: &str) -> Result<Option<(Option<String>, String)>, &'static str> {
        Ok(Some((label.map(str::to_owned), secret.to_owned())))
    }

    #[test]
    fn keys_are_read_from_headers() {
        assert_eq!(read("/x", &[], false), Ok(None));
        assert_eq!(read("/x", &[("appkey", "abc")], false), some(None, "abc"));
        assert_eq!(read("/x", &[("authorization", "Bearer abc")], false), some(None, "abc"));
        // `me:a:b`: only the name may not hold a colon.
        assert_eq!(read("/x", &[("authorization", "basic bWU6YTpi")], false), some(Some("me"), "a:b"));
        assert_eq!(read("/x", &[("authorization", "Basic Yvw6YQ==")], false), some(Some("bü"), "a"), "Latin-1");
        for bad in ["Digest x", "Basic", "Basic !!", "Basic bWU=", "Basic /w==", "Bearer ", "Basic bWU6"] {
            assert!(read("/x", &[("authorization", bad)], false).is_err(), "{bad}");
        }
        assert_eq!(read("/x", &[("appkey", "")], false), Err("the key is empty"));
    }

    #[test]
    fn what_disagrees_is_refused() {
        const DISAGREE: Result<Option<(Option<String>, String)>, &str> =
            Err("the keys and names sent with this call disagree");
        let both = |authorization| read("/x", &[("appkey", "a:b"), ("authorization", authorization)], false);
        assert_eq!(both("Basic bWU6YTpi"), some(Some("me"), "a:b"));
        assert_eq!(both("Bearer a:b"), some(None, "a:b"));
        assert_eq!(both("Bearer abc"), DISAGREE);
        assert_eq!(read("/x", &[("appkey", "a"), ("appkey", "a")], false), some(None, "a"));
        assert_eq!(read("/x", &[("appkey", "a"), ("appkey", "b")], false), DISAGREE);
        // `me:a` and `you:a`.
        let names = [("authorization", "Basic bWU6YQ=="), ("authorization", "Basic eW91OmE=")];
        assert_eq!(read("/x", &names, false), DISAGREE);
    }

    #[test]
    fn a_key_in_the_address_is_refused_unless_configured() {
        const REFUSED: Result<Option<(Option<String>, String)>, &str> =
            Err("ApplicationKey Is Not Allowed As A URL Parameter");
        for address in ["/x?appKey=abc", "/x?APPKEY=abc", "/x?a=b&%61ppkey=abc", "/x?appKey="] {
            assert_eq!(read(address, &[], false), REFUSED, "{address}");
            assert_eq!(read(address, &[("appkey", "abc")], false), REFUSED, "{address}");
        }
        assert_eq!(read("/x?appKey=abc", &[], true), some(None, "abc"));
        assert!(read("/x?appKey=abc", &[("appkey", "abd")], true).is_err());
    }

    #[test]
    fn a_session_is_asked_for_by_true_alone() {
        let wants = |address: &'static str, header: Option<&'static str>| {
            let name = HeaderName::from_static("x-thingworx-session");
            let headers = header.map(|value| (name, HeaderValue::from_static(value)));
            wants_session(&Uri::from_static(address), &HeaderMap::from_iter(headers))
        };
        assert!(wants("/x", Some("true")) && wants("/x", Some("TRUE")) && wants("/x?X-ThingWorx-Session=true", None));
        assert!(!wants("/x", None) && !wants("/x", Some("false")) && !wants("/x?x-thingworx-session=1", None));
        assert!(!wants("/x?x-thingworx-session=true", Some("false")), "the header wins");
    }

    #[test]
    fn only_what_is_there_opens_a_session() {
        let opens = |method: Method, path: &str| is_entity_or_service(&method, path);
        for (collection, all) in [("Resources", services::RESOURCES.as_slice()), ("Things", &services::THINGS)] {
            for entity in all {
                let path = format!("/Thingworx/{collection}/{}", entity.name);
                for service in entity.services {
                    let path = format!("{path}/Services/{}", service.name);
                    assert!(opens(Method::POST, &path), "{path}");
                    assert!(!opens(Method::GET, &path) && !opens(Method::POST, &format!("{path}/")), "{path}");
                }
                let metadata = format!("{path}/Metadata");
                for path in [&path, &metadata] {
                    assert!(
                        opens(Method::GET, path) && opens(Method::HEAD, path) && !opens(Method::POST, path),
                        "{path}"
                    );
                }
                for nothing in ["/Services/Nothing", "/Services", "/Services/", "/Nothing", "/Metadata/x", "/"] {
                    let path = format!("{path}{nothing}");
                    assert!(!opens(Method::POST, &path) && !opens(Method::GET, &path), "{path}");
                }
            }
        }
        for path in [
            "/Thingworx",
            "/Thingworx/",
            "/Thingworx/Resources",
            "/Thingworx/Resources/Nothing",
            "/Thingworx/Nothing/TW.AnalysisServices.JobManagementServicesAPI",
            "/Thingworx/Users/System",
            "/Resources/TW.AnalysisServices.JobManagementServicesAPI",
        ] {
            assert!(!opens(Method::GET, path) && !opens(Method::POST, path), "{path}");
        }
    }

    #[test]
    fn no_page_of_another_site_opens_a_session() {
        let opens = |site: Option<&'static str>| {
            let mut request = Request::new(());
            *request.uri_mut() = Uri::from_static(
                "/Thingworx/Resources/TW.AnalysisServices.JobManagementServicesAPI?x-thingworx-session=true",
            );
            request
                .headers_mut()
                .extend(site.map(|site| (HeaderName::from_static("sec-fetch-site"), HeaderValue::from_static(site))));
            opens_session(&request)
        };
        assert!(opens(None) && opens(Some("same-origin")) && opens(Some("none")));
        assert!(!opens(Some("cross-site")) && !opens(Some("same-site")));
    }

    #[test]
    fn browsers_are_not_made_to_remember_names() {
        let schemes = |name: &'static str, value: &'static str| {
            let headers = HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))]);
            let uri = Uri::from_static("/x");
            let accept = Accept::of(&uri, &headers, ThingworxOptions::default().default_accept);
            let problem = challenge(unauthorized(HOW), &headers, &accept);
            problem.headers().iter().map(|(_, value)| value.clone()).collect::<Vec<_>>()
        };
        let basic = HeaderValue::from_static("Basic realm=\"Analyte\", charset=\"UTF-8\"");
        for (name, value) in [("accept", "application/json"), ("accept", "*/*"), ("user-agent", "x")] {
            assert_eq!(schemes(name, value), std::slice::from_ref(&basic), "{name}: {value}");
        }
        for (name, value) in [
            ("accept", "text/html,*/*"),
            ("sec-fetch-mode", "cors"),
            ("origin", "https://elsewhere.example"),
            ("x-requested-with", "XMLHttpRequest"),
        ] {
            assert_eq!(schemes(name, value), [HeaderValue::from_static("Bearer")], "{name}: {value}");
        }
    }
}
