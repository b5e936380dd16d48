//! Gives tasks to a node.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use analyte_core::job::Job;
use analyte_core::job::transition::{Event, apply};
use analyte_core::names::{Organisation, RunKey, TaskKey};
use analyte_core::shares::{Lack, Shares, Use};
use analyte_core::timestamp::Timestamp;

use super::job_record::Start;
use super::work::Work;
use crate::{Claimed, Claims, HeldUp, Result, Room};

/// Most organisations that a claim finds to be held up: where it are more, there is next to no memory left.
const MOST_HELD_UP: usize = 100;

/// What was claimed so far, and what that leaves.
struct Left<'a> {
    room: &'a Room,
    memory: Shares,
    /// Tasks that begin at once.
    begun: usize,
    running: BTreeMap<Organisation, usize>,
    /// Tasks that begin at once, and others.
    of: HashMap<Organisation, (usize, usize)>,
    /// Those that get no more.
    done: BTreeSet<Organisation>,
}

impl Left<'_> {
    fn running(&self, organisation: &Organisation) -> usize {
        self.running.get(organisation).copied().unwrap_or(0)
    }

    /// Whether the next task of this organisation begins at once (`true`) or later; `None`: it is not to be claimed.
    fn begins(&self, organisation: &Organisation) -> Option<bool> {
        let (now, later) = self.of.get(organisation).copied().unwrap_or_default();
        if self.running(organisation) + now < self.room.most_of_one {
            return (self.begun < self.room.tasks).then_some(true);
        }
        (now > 0 && later < self.room.ahead).then_some(false)
    }

    fn take(&mut self, organisation: &Organisation, bytes: u64, at_once: bool) {
        let of = self.of.entry(organisation.clone()).or_default();
        if at_once {
            of.0 += 1;
            self.begun += 1;
            self.memory.take(&Some(organisation.clone()), bytes, Use::Run);
        } else {
            // Those that begin later take what others have given back by then.
            of.1 += 1;
        }
    }

    /// How many tasks this organisation has then, for its turn.
    fn counted(&self, organisation: &Organisation) -> usize {
        let (now, later) = self.of.get(organisation).copied().unwrap_or_default();
        self.running(organisation) + now + later
    }
}

/// As many tasks as there is room for. On a store of one node a lease ends with its run, not with time: its holder
/// is this process, or died with it.
pub(super) fn claim(work: &mut Work, node: &Arc<str>, room: &Room, now: Timestamp) -> Result<Claims> {
    let mut claims = Claims::default();
    let mut left = Left {
        room,
        memory: room.memory.clone(),
        begun: 0,
        running: room.running.clone(),
        of: HashMap::new(),
        done: BTreeSet::new(),
    };
    while claims.held_up.len() < MOST_HELD_UP {
        let next = work.queue.next(now, &left.done, |organisation| left.counted(organisation));
        let Some((organisation, entry)) = next else { break };
        let hold_up = |left: &mut Left<'_>, claims: &mut Claims, why| {
            left.done.insert(organisation.clone());
            claims.held_up.insert(organisation.clone(), why);
        };
        let Some(at_once) = left.begins(&organisation) else {
            if left.begun >= room.tasks {
                // It is the one that runs the fewest, so there is nothing for the others either.
                claims.more = true;
                break;
            }
            hold_up(&mut left, &mut claims, HeldUp::Tasks);
            continue;
        };
        let old = work.load(&(organisation.clone(), entry.job))?;
        let Some((old, task, digest)) = old.and_then(|old| {
            let task = old.tasks.get(entry.task)?;
            let (name, digest) = (task.name.clone(), task.digest);
            Some((old, name, digest))
        }) else {
            // It could not be read.
            work.queue.take(&organisation, &entry);
            continue;
        };
        let bytes = room.needs(old.limits.memory_bytes);
        let holder = Some(organisation.clone());
        let fits = left.memory.admits_run(&holder, bytes);
        if !at_once && (old.session.is_some() || !room.quick.contains(&digest) || fits.is_err()) {
            hold_up(&mut left, &mut claims, HeldUp::Tasks);
            continue;
        }
        if let Err(lack) = fits {
            if !left.memory.runs(&holder) && !left.memory.has_promised() {
                left.memory.promise(Some((holder, bytes)));
            }
            let why = match lack {
                Lack::Share => HeldUp::Share { bytes },
                Lack::Memory => HeldUp::Memory { bytes },
            };
            hold_up(&mut left, &mut claims, why);
            continue;
        }
        work.queue.take(&organisation, &entry);
        let lease = work.lease();
        let mut new = Job::clone(&old);
        if let Err(refusal) = apply(&mut new, Event::Start { task: task.clone(), lease }, now) {
            // Only where the clock was set back: the task waits for its time again.
            tracing::warn!(job = %old.id, %task, %refusal, "a task that was ready could not start");
            work.queue.add(&old);
            break;
        }
        left.take(&organisation, bytes, at_once);
        let attempt = new.task(&task).map(|task| task.attempt).unwrap_or_default();
        let key = TaskKey { organisation, job: old.id, task: task.clone() };
        let job = work.save_start(&old, new, Start { task, lease, at: now }, node)?;
        claims.claimed.push(Claimed { run: RunKey { key, attempt, lease }, job });
    }
    claims.more |= claims.held_up.len() >= MOST_HELD_UP;
    claims.next_due = work.queue.next_due(now);
    Ok(claims)
}
