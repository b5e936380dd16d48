//! What is listed, compared with what is found by looking at every job.

use std::cmp::Reverse;
use std::sync::Arc;

use analyte_core::job::Task;
use analyte_core::limits::Limits;
use analyte_core::query::{Filter, Query, Sort, compare_rows};
use serde_json::{Value, json};

use super::{
    Job, ListQuery, Model, ModelName, Organisation, ProviderName, START, Sorted, Status, Step, Store, Timestamp,
    organisation, said, same,
};

fn read(query: &Value) -> Query {
    Query::of_value(query, &Limits::default()).unwrap()
}

fn sorts(number: usize) -> Vec<Sort> {
    let all = [
        json!([{"fieldName": "priority"}]),
        json!([{"fieldName": "status", "isAscending": false}, {"fieldName": "created_at"}]),
        json!([{"fieldName": "model", "isAscending": false}, {"fieldName": "id"}]),
        json!([{"fieldName": "created_at", "isAscending": false}]),
        json!([{"fieldName": "provider", "isCaseSensitive": false}, {"fieldName": "tags.tag"}]),
        json!([]),
    ];
    read(&json!({"sorts": all[number % all.len()]})).sorts
}

impl Model {
    fn filter(&self, number: usize) -> Filter {
        let ids: Vec<_> = self.jobs.keys().step_by(3).map(|(_, id)| id.to_string().to_uppercase()).take(4).collect();
        let eq = |field: &str, value: &str| json!({"type": "EQ", "fieldName": field, "value": value});
        let exactly = |field: &str, value: &str| json!({"type": "EQ", "fieldName": field, "value": value, "isCaseSensitive": true});
        let tagged = |term: &str| json!({"vocabulary": "tag", "vocabularyTerm": term});
        let and = |filters: Vec<Value>| json!({"type": "AND", "filters": filters});
        let all = [
            eq("status", "QUEUED"),
            eq("status", "running"),
            exactly("status", "Running"),
            json!({"type": "IN", "fieldName": "status", "values": ["Running", "failed"]}),
            json!({"type": "NOTIN", "fieldName": "status", "values": ["running", "failed"]}),
            eq("provider", "STATISTICS"),
            exactly("provider", "Statistics"),
            exactly("provider", "a/b"),
            and(vec![eq("model", "Describe"), json!({"type": "NE", "fieldName": "status", "value": "completed"})]),
            exactly("tags.tag", "1"),
            eq("tags.tag", "1"),
            json!({"type": "TAGGED", "fieldName": "tags", "tags": [tagged("2")]}),
            json!({"type": "NOTTAGGED", "fieldName": "tags", "tags": [tagged("2")]}),
            json!({"type": "BETWEEN", "fieldName": "created_at", "from": START + 500, "to": START + 4_000}),
            json!({"type": "GT", "fieldName": "created_at", "value": self.now.0 - 2_000}),
            json!({"type": "OR", "filters": [eq("provider", "numbers"), eq("status", "cancelled")]}),
            json!({"type": "IN", "fieldName": "id", "values": ids}),
            and(vec![eq("status", "queued"), eq("status", "failed")]),
            and(vec![eq("provider", "statistics"), eq("status", "completed"), exactly("tags.tag", "0")]),
            json!({"type": "LIKE", "fieldName": "model", "value": "desc*"}),
            json!({"type": "IN", "fieldName": "tags.tag", "values": ["0", "1"], "isCaseSensitive": true}),
        ];
        read(&json!({"filters": all[number % all.len()]})).filter.unwrap()
    }

    /// Those that fit, newest first.
    fn fitting(&self, of: &Organisation, query: &ListQuery) -> Vec<Job> {
        let fits = |job: &&Job| {
            let asked = |task: &Task| {
                query.provider.as_ref().is_none_or(|provider| task.provider == *provider)
                    && query.model.as_ref().is_none_or(|model| task.model == *model)
            };
            job.organisation == *of
                && query.status.is_none_or(|status| job.status == status)
                && job.tasks.iter().any(asked)
                && query.tag.as_ref().is_none_or(|(tag, value)| job.tags.get(tag) == Some(value))
                && query.created_after.is_none_or(|after| job.created_at >= after)
                && query.created_before.is_none_or(|before| job.created_at < before)
                && query.filter.as_ref().is_none_or(|filter| filter.matches(*job))
        };
        let mut jobs: Vec<_> = self.jobs.values().filter(fits).cloned().collect();
        jobs.sort_by_key(|job| Reverse(job.id));
        jobs
    }

    pub(super) async fn list(&mut self, store: &dyn Store, step: Step) -> Result<(), String> {
        let Step::List { organisation: of, status, model, tag, filter, oldest_first, limit, scan } = step else {
            return Ok(());
        };
        let of = organisation(of);
        let query = ListQuery {
            status: status.map(|status| Status::ALL[status]),
            provider: (limit > 1).then(|| ProviderName::new("statistics").unwrap()),
            model: model.map(|even| ModelName::new(if even { "describe" } else { "correlation" }).unwrap()),
            tag: tag.map(|tag| ("tag".to_owned(), tag.to_string())),
            created_before: (limit == 2).then_some(self.now),
            created_after: (limit == 3).then(|| Timestamp(self.now.0 - 1_500)),
            filter: filter.map(|number| Arc::new(self.filter(number))),
            oldest_first,
            after: None,
            limit,
            scan,
        };
        let mut expected = self.fitting(&of, &query);
        if oldest_first {
            expected.reverse();
        }
        same("list", &all_pages(store, &of, query).await?, &expected)
    }

    pub(super) async fn sorted(&mut self, store: &dyn Store, step: Step) -> Result<(), String> {
        let Step::Sorted { organisation: of, filter, sorts: number, skip, limit, most } = step else { return Ok(()) };
        let of = organisation(of);
        let filter = filter.map(|number| Arc::new(self.filter(number)));
        let query = ListQuery { filter, limit, ..ListQuery::default() };
        let sorts = sorts(number);
        let mut expected = self.fitting(&of, &query);
        expected.sort_by(|one, other| compare_rows(one, other, &sorts));
        match said(store.sorted(&of, query, sorts.into(), skip, most).await)? {
            Sorted::TooMany => same("fewer than may be looked at", &(most < 1_000), &true),
            Sorted::Page { jobs, more } => {
                let page: Vec<_> = expected.iter().skip(skip).take(limit).cloned().collect();
                same("sorted", &jobs.iter().map(|job| (**job).clone()).collect(), &page)?;
                same("more", &more, &(expected.len() > skip + limit))
            }
        }
    }
}

async fn all_pages(store: &dyn Store, of: &Organisation, mut query: ListQuery) -> Result<Vec<Job>, String> {
    let mut jobs = Vec::new();
    loop {
        let page = said(store.jobs(of, query.clone()).await)?;
        if page.jobs.len() > query.limit {
            return Err(format!("a page of {} where {} were asked for", page.jobs.len(), query.limit));
        }
        jobs.extend(page.jobs.iter().map(|job| (**job).clone()));
        match page.next {
            Some(next) if query.after.is_some_and(|after| (after <= next) != query.oldest_first || after == next) => {
                return Err("the cursor stands still".to_owned());
            }
            Some(next) => query.after = Some(next),
            None => return Ok(jobs),
        }
    }
}
