//! Where the server was put: limits are brought down to what there is, and it is said at the start.

use std::sync::Arc;

use analyte_core::limits::Limits;
use analyte_engine::Engine;
use analyte_engine::machine::{Machine, Memory};
use anyhow::Result;
use rustix::process::{Resource, getrlimit};

use crate::output::report::Report;

/// Looks at memory and cores, and says what is used of them.
pub(super) fn settle(limits: &mut Limits) -> Result<Machine> {
    let place = Machine::here();
    let Settled { found, cut, warning } = settled(limits, &place)?;
    tracing::info!("{found}");
    if let Some(cut) = cut {
        tracing::warn!("{cut}");
    }
    if let Some(warning) = warning {
        tracing::warn!("{warning}");
    }
    if let Some(bytes) = getrlimit(Resource::Fsize).current {
        tracing::warn!(
            "files may have {} MiB here; when the store or a result would need more, the system ends the server: set `ulimit -f` or \
             LimitFSIZE= to unlimited",
            bytes >> 20
        );
    }
    Ok(place)
}

/// The limits with no more runs at once than the pool of instances has room for.
pub(super) fn within_pool(limits: Arc<Limits>, engine: &Engine) -> Arc<Limits> {
    // Most components have one memory; the other half is for warm instances and for those with several.
    let most = u64::from(engine.memories() / 2);
    let wanted = limits.running_tasks;
    if wanted <= most {
        return limits;
    }
    tracing::warn!(
        "runs at once: {most}, for which the pool of instances has room, instead of {wanted} (limit running_tasks)"
    );
    Arc::new(Limits { running_tasks: most, ..Limits::clone(&limits) })
}

/// What is to be said.
struct Settled {
    found: String,
    /// Limits that were cut.
    cut: Option<String>,
    warning: Option<&'static str>,
}

/// Brings the limits down.
fn settled(limits: &mut Limits, place: &Machine) -> Result<Settled> {
    let Machine { memory, cores } = place;
    let mib = |bytes: u64| bytes >> 20;
    if limits.memory_budget_bytes != 0 {
        let budget = limits.memory_budget_bytes;
        return Ok(Settled {
            found: format!(
                "memory for runs and requests: {} MiB (limit memory_budget_bytes), of {memory}; cores: {cores}",
                mib(budget)
            ),
            cut: None,
            warning: (budget > memory.bytes).then_some(
                "memory_budget_bytes is more than the memory here; when runs use it, the system ends the server",
            ),
        });
    }
    let Some(budget) = memory.budget() else {
        return Err(Report::new(format!("there is too little memory here: {memory}"))
            .hint(format!(
                "give the server {} MiB or more; 1536 MiB have room for one usual run at a time, or set memory_budget_bytes under \
                 [limits] yourself",
                mib(Memory::least()) + 1
            ))
            .into());
    };
    limits.memory_budget_bytes = budget;
    let cuts: Vec<String> = limits.fit(budget).iter().map(|cut| format!("{} {}", cut.key, cut.to)).collect();
    Ok(Settled {
        found: format!(
            "memory for runs and requests: {} MiB, three quarters of what the server itself leaves of {memory}; cores: {cores}",
            mib(budget)
        ),
        cut: (!cuts.is_empty()).then(|| format!("limits are cut to that memory: {}", cuts.join(", "))),
        warning: None,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn said(mib: u64, limits: &mut Limits) -> Result<Vec<String>> {
        let memory = Memory { bytes: mib << 20, limited_by: Some("/sys/fs/cgroup/memory.max".into()) };
        let place = Machine { memory, ..Machine::here() };
        let cores = format!("; cores: {}", place.cores);
        let Settled { found, cut, warning } = settled(limits, &place)?;
        Ok([Some(found.replace(&cores, "")), cut, warning.map(str::to_owned)].into_iter().flatten().collect())
    }

    #[test]
    fn memory_and_what_bounds_it_are_said() {
        let mut limits = Limits::default();
        assert_eq!(
            said(8_192, &mut limits).unwrap(),
            [
                "memory for runs and requests: 6000 MiB, three quarters of what the server itself leaves of 8192 MiB, the limit of \
              a control group (/sys/fs/cgroup/memory.max)"
            ]
        );
        assert_eq!(limits, Limits { memory_budget_bytes: 6_000 << 20, ..Limits::default() });
    }

    #[test]
    fn in_a_small_container_limits_are_cut_and_it_is_said() {
        let mut limits = Limits::default();
        assert_eq!(
            said(512, &mut limits).unwrap(),
            [
                "memory for runs and requests: 240 MiB, three quarters of what the server itself leaves of 512 MiB, the limit \
                 of a control group (/sys/fs/cgroup/memory.max)",
                "limits are cut to that memory: output_bytes 62914560, memory_bytes 188743680, body_bytes 125829120, \
                 table_bytes 125829120, component_bytes 125829120"
            ]
        );
        assert_eq!(limits.check(), Ok(()));
        let error = said(256, &mut Limits::default()).unwrap_err();
        assert_eq!(
            error.downcast::<Report>().unwrap().text(),
            "there is too little memory here: 256 MiB, the limit of a control group (/sys/fs/cgroup/memory.max)\nhint: give the \
             server 278 MiB or more; 1536 MiB have room for one usual run at a time, or set memory_budget_bytes under [limits] \
             yourself\n"
        );
    }

    #[test]
    fn what_the_operator_said_is_left_as_it_is() {
        let mut limits = Limits { memory_budget_bytes: 1 << 30, ..Limits::default() };
        let before = limits.clone();
        assert_eq!(
            said(512, &mut limits).unwrap(),
            [
                "memory for runs and requests: 1024 MiB (limit memory_budget_bytes), of 512 MiB, the limit of a control group \
                 (/sys/fs/cgroup/memory.max)",
                "memory_budget_bytes is more than the memory here; when runs use it, the system ends the server"
            ]
        );
        assert_eq!(limits, before);
    }
}
