//! The two forms of a task's id: a UUID with its job's time, and its job's core form with five letters and digits more.
//!
//! The UUID is of version 8. It has the place of the task in its job where the version's own 12 bits are, and the last 62 bits
//! of the job's UUID, so it names the tasks at the first 4,096 places; a job has at most 1,000 unless the limit `tasks` was
//! raised.

use analyte_core::names::JobId;
use uuid::Uuid;

use super::base62;
use super::core_form::{CoreForm, ms_of};

/// Letters and digits of the place in the core form.
const DIGITS: usize = 5;
/// The bits of a job's UUID that its tasks' have, too.
const LOW: u128 = (1 << 62) - 1;
/// The bits that say that a UUID is one of the usual kind.
const VARIANT: u128 = 2 << 62;
/// The most places that a UUID has room for.
const PLACES: u128 = 1 << 12;

/// Which task is meant, as far as its id says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TaskId {
    /// Named by its UUID.
    Internal {
        /// When its job was made, in milliseconds since 1970.
        ms: u64,
        /// Of its job's UUID.
        low: u64,
        /// Its place in the job's list.
        place: usize,
    },
    /// Named by its core form.
    Core {
        /// Its job.
        job: CoreForm,
        /// Its place in the job's list.
        place: usize,
    },
}

/// The UUID of the task at this place.
pub(crate) fn internal(job: JobId, place: usize) -> Uuid {
    let place = (place as u128) & (PLACES - 1);
    let time = job.0.as_u128() & !((1 << 80) - 1);
    Uuid::from_u128(time | (8 << 76) | (place << 64) | VARIANT | (job.0.as_u128() & LOW))
}

/// The core form of the task at this place.
pub(crate) fn core(job: JobId, place: usize) -> String {
    format!("{}{}", CoreForm::of(job), base62::write(place as u64, DIGITS))
}

impl TaskId {
    /// Reads either form.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Ok(uuid) = Uuid::try_parse(text) {
            let bits = uuid.as_u128();
            if uuid.get_version_num() != 8 || bits & (3 << 62) != VARIANT {
                return None;
            }
            let place = usize::try_from((bits >> 64) & (PLACES - 1)).ok()?;
            return Some(Self::Internal { ms: ms_of(JobId(uuid)), low: u64::try_from(bits & LOW).ok()?, place });
        }
        let at = text.len().checked_sub(DIGITS)?;
        let (job, place) = (text.get(..at)?, text.get(at..)?);
        Some(Self::Core { job: CoreForm::parse(job)?, place: usize::try_from(base62::read(place)?).ok()? })
    }

    /// When its job was made, in milliseconds since 1970.
    pub(crate) fn ms(self) -> u64 {
        match self {
            Self::Internal { ms, .. } => ms,
            Self::Core { job, .. } => job.ms(),
        }
    }

    /// Its place in its job's list.
    pub(crate) fn place(self) -> usize {
        match self {
            Self::Internal { place, .. } | Self::Core { place, .. } => place,
        }
    }

    /// Whether it is a task of this job.
    pub(crate) fn is_of(self, job: JobId) -> bool {
        match self {
            Self::Internal { ms, low, .. } => ms_of(job) == ms && job.0.as_u128() & LOW == u128::from(low),
            Self::Core { job: form, .. } => CoreForm::of(job) == form,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn both_forms_come_back(ms in 946_684_800_000_u64..4_102_444_800_000, random: u128, place in 0..4_096_usize) {
            let random = random & ((1 << 80) - 1) & !(0xF << 76) & !(3 << 62);
            let job = JobId(Uuid::from_u128((u128::from(ms) << 80) | (7 << 76) | VARIANT | random));
            let other = JobId(Uuid::from_u128(job.0.as_u128() ^ 1));
            for text in [internal(job, place).to_string(), core(job, place)] {
                let id = TaskId::parse(&text);
                prop_assert_eq!(id.map(|id| (id.ms(), id.place(), id.is_of(job))), Some((ms, place, true)));
                prop_assert_eq!(id.map(|id| id.is_of(other)), Some(false));
            }
            prop_assert_eq!(TaskId::parse(&job.to_string()), None);
            prop_assert_eq!(internal(job, place).get_version_num(), 8);
        }
    }

    #[test]
    fn what_is_no_task_is_none() {
        for wrong in ["", "main", "23041407_0000000000", "23041407_0000000000-0000", "é", "0000é"] {
            assert_eq!(TaskId::parse(wrong), None, "{wrong}");
        }
    }
}
