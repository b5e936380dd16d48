//! Engines and their categories.

use async_graphql::{Context, ID, Object};

use crate::aiware::ids::names;
use crate::graphql::context::Asked;
use crate::graphql::fault::Fault;
use crate::graphql::input::list::{EngineFilter, EngineSortField};
use crate::graphql::load::engines;
use crate::graphql::node::engine::{Build, Engine, EngineCategory};
use crate::graphql::node::page::{EngineCategoryList, EngineList, Paging};
use crate::graphql::word::engine::{EngineState, EngineTypeFilter};
use crate::graphql::word::order::{EngineOrderField, OrderDirection};

/// Of [`Query`](super::Query).
#[derive(Default)]
pub(crate) struct EngineQueries;

/// Which engines are asked for; one condition that is `None` holds for all.
struct Wanted {
    ids: Option<Vec<String>>,
    name: Option<String>,
    category_id: Option<String>,
    category: Option<String>,
    states: Option<Vec<EngineState>>,
    is_public: Option<bool>,
    owned: bool,
}

impl Wanted {
    fn has(&self, engine: &Engine) -> bool {
        let record = &engine.provider.record;
        let contains = |text: &String| engine.full_name().to_lowercase().contains(&text.to_lowercase());
        let named = |ids: &Vec<String>| {
            let (id, name) = (engine.uuid().to_string(), engine.full_name());
            ids.iter().any(|asked| asked.eq_ignore_ascii_case(&id) || *asked == name)
        };
        self.ids.as_ref().is_none_or(named)
            && self.name.as_ref().is_none_or(contains)
            && self
                .category_id
                .as_ref()
                .is_none_or(|id| id.eq_ignore_ascii_case(&names::category(&record.name).to_string()))
            && self.category.as_ref().is_none_or(|name| name.eq_ignore_ascii_case(record.name.as_str()))
            && self.states.as_ref().is_none_or(|states| states.contains(&engine.state_word()))
            && self.is_public.is_none_or(|public| record.organisation.is_none() == public)
            && (!self.owned || record.organisation.is_some())
    }
}

#[Object]
impl EngineQueries {
    /// One engine, by its id or its name.
    async fn engine(&self, context: &Context<'_>, id: ID) -> Result<Option<Engine>, Fault> {
        let asked = Asked::reading(context)?;
        engines::one(&asked, &id).await.map(Some)
    }

    /// Engines for which all conditions hold, by name.
    #[expect(clippy::too_many_arguments, reason = "clients name them")]
    async fn engines(
        &self,
        context: &Context<'_>,
        id: Option<ID>,
        ids: Option<Vec<ID>>,
        category_id: Option<ID>,
        category: Option<String>,
        state: Option<Vec<EngineState>>,
        #[graphql(default_with = "Some(false)")] owned: Option<bool>,
        library_required: Option<bool>,
        #[graphql(name = "createsTDO")] creates_tdo: Option<bool>,
        name: Option<String>,
        filter: Option<EngineFilter>,
        order_by: Option<Vec<EngineSortField>>,
        #[graphql(default_with = "Some(0)")] offset: Option<i32>,
        #[graphql(default_with = "Some(30)")] limit: Option<i32>,
    ) -> Result<Option<EngineList>, Fault> {
        let (asked, paging) = (Asked::reading(context)?, Paging::of(offset, limit)?);
        // No engine needs a library, or makes an object.
        if library_required == Some(true) || creates_tdo == Some(true) {
            return Ok(Some(EngineList::of([], paging)));
        }
        let all_ids = |id: Option<ID>, ids: Option<Vec<ID>>| {
            (id.is_some() || ids.is_some())
                .then(|| id.into_iter().chain(ids.into_iter().flatten()).map(|id| id.0).collect())
        };
        let of = |ids, name, category_id: Option<ID>, category, states, is_public| Wanted {
            ids,
            name,
            category_id: category_id.map(|id| id.0),
            category,
            states,
            is_public,
            owned: false,
        };
        let first =
            Wanted { owned: owned == Some(true), ..of(all_ids(id, ids), name, category_id, category, state, None) };
        let second = filter.map(|filter| {
            let EngineFilter { id, name, category_id, category, state, is_public } = filter;
            of(all_ids(id, None), name, category_id, category, state, is_public)
        });
        let fits = move |engine: &Engine| first.has(engine) && second.as_ref().is_none_or(|second| second.has(engine));
        let mut found = engines::all(&asked, fits).await?;
        let mut orders = order_by.into_iter().flatten();
        if let Some(EngineSortField { field, direction }) = orders.next() {
            match field {
                EngineOrderField::Name => {}
                EngineOrderField::Id => found.sort_by_cached_key(Engine::uuid),
                EngineOrderField::CreatedDateTime => found.sort_by_key(|engine| engine.provider.record.created_at),
                EngineOrderField::ModifiedDateTime => found.sort_by_key(|engine| engine.provider.record.updated_at),
            }
            if direction == Some(OrderDirection::Desc) {
                found.reverse();
            }
        }
        if orders.next().is_some() {
            return Err(Fault::invalid("`orderBy` takes one order"));
        }
        Ok(Some(EngineList::of(paging.part(found), paging)))
    }

    /// The build that runs, by its id.
    async fn engine_build(&self, context: &Context<'_>, id: ID) -> Result<Option<Build>, Fault> {
        let asked = Asked::reading(context)?;
        let wanted = id.to_lowercase();
        let is = move |engine: &Engine| {
            engine.model.digest.as_ref().is_some_and(|digest| names::build(digest).to_string() == wanted)
        };
        let found = engines::all(&asked, is).await?.into_iter().next();
        found.map(|engine| Some(Build(engine))).ok_or_else(|| Fault::not_found("Build", &id))
    }

    /// One category, by its id or its name: a provider.
    async fn engine_category(&self, context: &Context<'_>, id: ID) -> Result<Option<EngineCategory>, Fault> {
        let asked = Asked::reading(context)?;
        let providers = asked.manager().providers(asked.organisation());
        let is = |name: &analyte_core::names::ProviderName| {
            name.as_str() == id.as_str() || names::category(name).to_string().eq_ignore_ascii_case(&id)
        };
        let found = providers.into_iter().find(|provider| is(&provider.record.name));
        found.map(|provider| Some(EngineCategory(provider))).ok_or_else(|| Fault::not_found("EngineCategory", &id))
    }

    /// The categories of engines, by name.
    async fn engine_categories(
        &self,
        context: &Context<'_>,
        id: Option<ID>,
        name: Option<String>,
        #[graphql(name = "type")] kind: Option<EngineTypeFilter>,
        #[graphql(default_with = "Some(0)")] offset: Option<i32>,
        #[graphql(default_with = "Some(30)")] limit: Option<i32>,
    ) -> Result<Option<EngineCategoryList>, Fault> {
        let (asked, paging) = (Asked::reading(context)?, Paging::of(offset, limit)?);
        let mut found = asked.manager().providers(asked.organisation());
        found.retain(|provider| {
            let own = &provider.record.name;
            kind.is_none_or(|kind| kind == EngineTypeFilter::Cognition)
                && id.as_ref().is_none_or(|id| names::category(own).to_string().eq_ignore_ascii_case(id))
                && name.as_ref().is_none_or(|name| own.as_str().to_lowercase().contains(&name.to_lowercase()))
        });
        found.sort_by(|one, other| one.record.name.cmp(&other.record.name));
        Ok(Some(EngineCategoryList::of(paging.part(found).into_iter().map(EngineCategory), paging)))
    }
}
