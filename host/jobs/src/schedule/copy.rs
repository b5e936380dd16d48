//! Copying a schedule: a new one with the same rule and the same template.

use std::collections::BTreeMap;

use analyte_core::job::Content;
use analyte_core::names::{Organisation, ScheduleId};
use analyte_store::NewContent;

use crate::error::JobsError;
use crate::manager::Manager;
use crate::schedule::asked::ScheduleAsked;
use crate::schedule::view::ScheduleView;

impl Manager {
    /// Makes a schedule like another one. What the other one has fired and what it missed is not copied; the copy begins now.
    pub async fn copy_schedule(
        &self,
        organisation: &Organisation,
        id: ScheduleId,
        by: Option<String>,
    ) -> Result<ScheduleView, JobsError> {
        self.refuse_while_stopping()?;
        let old = self.kept_schedule(organisation, id).await?.schedule;
        let now = self.now();
        let asked = ScheduleAsked {
            name: old.name.clone(),
            description: old.description.clone(),
            custom_data: old.custom_data.clone(),
            when: old.when.clone(),
            set_aside: old.set_aside.clone(),
            anew: false,
            start_at: old.start_at,
            stop_at: old.stop_at,
            active: old.active,
            overlap: old.overlap,
            catch_up: old.catch_up,
            template: None,
            created_by: by,
        };
        asked.check(&self.inner.limits, now)?;
        let tasks = &old.template.tasks;
        let named = tasks.iter().flat_map(|task| task.input.given().into_iter().chain([&task.parameters]));
        let named: BTreeMap<_, &Content> = named.map(|content| (content.digest, content)).collect();
        let bytes = named.values().map(|content| content.bytes).sum();
        let _room = self.reserve_memory(organisation, bytes)?;
        let mut contents = Vec::with_capacity(named.len());
        for content in named.into_values() {
            let bytes = self.inner.store.schedule_content(organisation, id, content).await?;
            contents.push(NewContent::Bytes(bytes));
        }
        self.keep_new_schedule(organisation, asked, (old.template.clone(), contents), now).await
    }
}
