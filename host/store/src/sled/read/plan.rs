//! Which indexes a list goes through, and from where to where.
//!
//! Conditions of the query's own members and those that its filter sets in any case count alike. The indexes know names
//! as they are written, filters mostly do not care for case: the few spellings that there are of providers and models
//! are then found by leaping from one to the next. A plan only leaves out jobs that cannot match; the job itself
//! decides.

use std::collections::BTreeSet;

use analyte_core::job::Status;
use analyte_core::names::{JobId, ModelName, Organisation, ProviderName};
use analyte_core::query::{Allowed, Filter};
use analyte_core::timestamp::Timestamp;

use crate::sled::disk::errors::broken;
use crate::sled::format::keys::{self, Class};
use crate::sled::read::index_intersection::{List, Order};
use crate::{ListQuery, Result};

/// An id is made at most so long before or after the job's `created_at`. Ids tell where in time to look; the job itself
/// decides.
const SLACK_MS: u64 = 60_000;
/// A condition that would need more lists than this is left to the jobs themselves.
const MOST_LISTS: usize = 1_024;
/// Most leaps of one plan to find how names are spelled, since readers' lock is held meanwhile.
const MOST_LEAPS: usize = 4_096;
/// Milliseconds that an id can tell.
const LAST_MS: u64 = (1 << 48) - 1;

/// The indexes of one list, and where to begin and end in them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// A job is in one of the lists of each of these.
    pub(crate) all: Vec<Vec<List>>,
    /// In which order.
    pub(crate) order: Order,
    /// Where to begin; `None`: nothing can follow.
    pub(crate) at: Option<u128>,
    /// The last place to look at.
    pub(crate) end: u128,
}

/// All of a plan that can be known without the tree: made before readers' lock is taken, since a filter may be long.
#[derive(Debug)]
pub(crate) struct Draft {
    organisation: Organisation,
    all: Vec<Vec<List>>,
    providers: Names,
    models: Names,
    order: Order,
    at: Option<u128>,
    end: u128,
}

/// What a name has to be.
#[derive(Debug)]
struct Names {
    is: Option<String>,
    one_of: Option<Allowed>,
}

impl Names {
    fn of(is: Option<&str>, filter: Option<&Filter>, field: &str) -> Self {
        Self { is: is.map(str::to_owned), one_of: filter.and_then(|filter| filter.equal_texts(field)) }
    }

    fn asked(&self) -> bool {
        self.is.is_some() || self.one_of.is_some()
    }

    /// Names have no letters but those of ASCII.
    fn fit(&self, name: &str) -> bool {
        self.is.as_ref().is_none_or(|is| is == name)
            && self.one_of.as_ref().is_none_or(|allowed| {
                if allowed.case_sensitive {
                    allowed.texts.iter().any(|text| text == name)
                } else {
                    allowed.texts.iter().any(|text| *text == name.to_ascii_lowercase())
                }
            })
    }

    /// Those that are possible, where just these are known.
    fn spelled(&self) -> Option<Vec<&str>> {
        let texts: Vec<&str> = match (&self.is, &self.one_of) {
            (Some(is), _) => vec![is.as_str()],
            (None, Some(allowed)) if allowed.case_sensitive => allowed.texts.iter().map(String::as_str).collect(),
            _ => return None,
        };
        Some(texts.into_iter().filter(|text| self.fit(text)).collect())
    }

    /// Those that are possible and stand after this prefix in the index; `None`: too many. `leaps` are those still
    /// free.
    fn found(
        &self,
        tree: &sled::Tree,
        prefix: &[u8],
        leaps: &mut usize,
        valid: impl Fn(&str) -> bool,
    ) -> Result<Option<Vec<String>>> {
        if let Some(spelled) = self.spelled() {
            let names = spelled.into_iter().filter(|name| valid(name)).map(str::to_owned);
            return Ok(Some(names.take(MOST_LISTS + 1).collect()).filter(|names: &Vec<_>| names.len() <= MOST_LISTS));
        }
        let mut found = Vec::new();
        let mut from = prefix.to_vec();
        while *leaps > 0 && found.len() <= MOST_LISTS {
            *leaps -= 1;
            let next = tree.range(from..).next().transpose().map_err(|error| broken("read an index", error))?;
            let Some(name) = next.as_ref().and_then(|(key, _)| keys::name_after(key, prefix)) else {
                return Ok(Some(found));
            };
            found.extend(std::str::from_utf8(name).ok().filter(|name| self.fit(name)).map(str::to_owned));
            // After all that begins with this name and the zero byte that ends it.
            from = [prefix, name, &[1]].concat();
        }
        Ok(None)
    }
}

impl Draft {
    /// `running` are the jobs that run, oldest first.
    pub(crate) fn of(organisation: &Organisation, query: &ListQuery, running: &[JobId]) -> Self {
        let filter = query.filter.as_deref();
        let mut all = Vec::new();
        all.extend(ids(filter));
        all.extend(states(organisation, query, filter, running));
        all.extend(tags(organisation, query, filter));
        let order = if query.oldest_first { Order::Oldest } else { Order::Newest };
        let (first, last) = times(query, filter);
        let (begin, end) = match order {
            Order::Oldest => (order.rank(first), order.rank(last)),
            Order::Newest => (order.rank(last), order.rank(first)),
        };
        let at = match query.after {
            None => Some(begin),
            Some(after) => order.rank(after).checked_add(1).map(|at| at.max(begin)),
        };
        Self {
            organisation: organisation.clone(),
            all,
            providers: Names::of(query.provider.as_ref().map(ProviderName::as_str), filter, "provider"),
            models: Names::of(query.model.as_ref().map(ModelName::as_str), filter, "model"),
            order,
            at,
            end,
        }
    }

    /// The plan, with what only the tree knows.
    pub(crate) fn plan(&self, tree: &sled::Tree) -> Result<Plan> {
        let mut all = self.all.clone();
        all.extend(self.models(tree)?);
        if all.is_empty() {
            let all_jobs = [keys::live_jobs(&self.organisation), keys::ended_jobs(&self.organisation)];
            all.push(all_jobs.map(List::Index).to_vec());
        }
        Ok(Plan { all, order: self.order, at: self.at, end: self.end })
    }

    fn models(&self, tree: &sled::Tree) -> Result<Option<Vec<List>>> {
        let Self { providers, models, .. } = self;
        if !providers.asked() && !models.asked() {
            return Ok(None);
        }
        let (all, mut leaps) = (keys::all_models(&self.organisation), MOST_LEAPS);
        let Some(providers) = providers.found(tree, &all, &mut leaps, |name| ProviderName::new(name).is_ok())? else {
            return Ok(None);
        };
        let mut lists = Vec::new();
        for provider in providers {
            let prefix = [all.as_slice(), provider.as_bytes(), &[0]].concat();
            let found = models.found(tree, &prefix, &mut leaps, |name| ModelName::new(name).is_ok())?;
            let Some(found) = found else { return Ok(None) };
            lists.extend(found.iter().map(|model| List::Index([prefix.as_slice(), model.as_bytes(), &[0]].concat())));
            if lists.len() > MOST_LISTS {
                return Ok(None);
            }
        }
        Ok(Some(lists))
    }
}

fn ids(filter: Option<&Filter>) -> Option<Vec<List>> {
    let allowed = filter?.equal_texts("id")?;
    let mut ids: Vec<JobId> = allowed.texts.iter().filter_map(|text| text.parse().ok()).collect();
    ids.sort_unstable();
    Some(vec![List::Jobs(ids)])
}

fn states(
    organisation: &Organisation,
    query: &ListQuery,
    filter: Option<&Filter>,
    running: &[JobId],
) -> Option<Vec<List>> {
    let names = Names::of(query.status.map(Status::as_str), filter, "status");
    if !names.asked() {
        return None;
    }
    let asked: Vec<Status> = Status::ALL.into_iter().filter(|status| names.fit(status.as_str())).collect();
    // The queued and the running share a class, which may be much longer than the few that run.
    let lists = asked.iter().filter_map(|status| match status {
        Status::Running if asked.contains(&Status::Queued) => None,
        Status::Running => Some(List::Jobs(running.to_vec())),
        status => Some(List::Index(keys::states(organisation, Class::of(*status)))),
    });
    Some(lists.collect())
}

fn tags(organisation: &Organisation, query: &ListQuery, filter: Option<&Filter>) -> Vec<Vec<List>> {
    let list = |tag: &str, value: &str| List::Index(keys::tag_jobs(organisation, tag, value));
    let mut all: Vec<Vec<List>> = query.tag.iter().map(|(tag, value)| vec![list(tag, value)]).collect();
    let Some(filter) = filter else { return all };
    all.extend(filter.tags("tags").into_iter().map(|(tag, value)| vec![list(tag, value)]));
    // Each field once: asking for one looks at all of its conditions.
    let fields: BTreeSet<&str> = filter.conjuncts().map(|condition| condition.field.as_str()).collect();
    for field in fields {
        let Some(tag) = field.strip_prefix("tags.") else { continue };
        let Some(allowed) = filter.equal_texts(field) else { continue };
        if allowed.case_sensitive && allowed.texts.len() <= MOST_LISTS {
            let lists: Vec<_> = allowed.texts.iter().map(|value| list(tag, value)).collect();
            all.push(lists);
        }
    }
    all.dedup();
    // Many tags would cost more to look up than they spare.
    all.truncate(MOST_LISTS);
    all
}

/// The first and the last id that a job can have for its time.
fn times(query: &ListQuery, filter: Option<&Filter>) -> (JobId, JobId) {
    let (from, to) = filter.map_or((None, None), |filter| filter.time_range("created_at"));
    let from = from.max(query.created_after);
    let before = query.created_before.map(|before| Timestamp(before.0.saturating_sub(1)));
    let to = match (to, before) {
        (Some(to), Some(before)) => Some(to.min(before)),
        (to, before) => to.or(before),
    };
    let ms = |time: i64| u64::try_from(time).unwrap_or(0).min(LAST_MS);
    let slack = i64::try_from(SLACK_MS).unwrap_or(i64::MAX);
    let first = from.map_or(0, |from| ms(from.0.saturating_sub(slack)));
    let last = to.map_or(LAST_MS, |to| ms(to.0.saturating_add(slack)));
    let rest = (1_u128 << 80) - 1;
    let id = |bits: u128| JobId(uuid::Uuid::from_u128(bits));
    (id(u128::from(first) << 80), id((u128::from(last) << 80) | rest))
}
