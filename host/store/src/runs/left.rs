//! What is left of a node's room while a claim goes on: the part of claiming that is the same for every store.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use analyte_core::job::{Job, Task};
use analyte_core::names::Organisation;
use analyte_core::shares::{Lack, Shares, Use};

use crate::runs::{Claims, HeldUp, Room};

/// Most organisations that a claim finds to be held up: where it are more, there is next to no memory left.
const MOST_HELD_UP: usize = 100;

/// When the next task of an organisation begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begins {
    AtOnce,
    /// When another one of its organisation has ended.
    Later,
    /// Not now: its organisation has as many as it may.
    Not,
    /// Not now, nor any other: there are as many as may begin.
    Full,
}

/// See [`Room`]: what was claimed so far, and what that leaves.
#[derive(Debug)]
pub(crate) struct Left<'a> {
    room: &'a Room,
    memory: Shares,
    /// Tasks that begin at once.
    begun: usize,
    /// Tasks of each organisation that begin at once, and others.
    of: HashMap<Organisation, (usize, usize)>,
    /// Organisations that get no more.
    done: BTreeSet<Organisation>,
}

impl<'a> Left<'a> {
    pub(crate) fn new(room: &'a Room) -> Self {
        Self { room, memory: room.memory.clone(), begun: 0, of: HashMap::new(), done: BTreeSet::new() }
    }

    /// Organisations that get no more.
    pub(crate) fn done(&self) -> &BTreeSet<Organisation> {
        &self.done
    }

    /// Whether more organisations are held up than are looked at.
    pub(crate) fn has_enough_held_up(&self) -> bool {
        self.done.len() >= MOST_HELD_UP
    }

    fn running(&self, organisation: &Organisation) -> usize {
        let running: &BTreeMap<Organisation, usize> = &self.room.running;
        running.get(organisation).copied().unwrap_or(0)
    }

    /// How many tasks this organisation has by now, for its turn.
    pub(crate) fn counted(&self, organisation: &Organisation) -> usize {
        let (now, later) = self.of.get(organisation).copied().unwrap_or_default();
        self.running(organisation) + now + later
    }

    /// When the next task of this organisation begins, as far as the number of tasks is concerned.
    pub(crate) fn begins(&self, organisation: &Organisation) -> Begins {
        let (now, later) = self.of.get(organisation).copied().unwrap_or_default();
        let may = self.running(organisation) + now < self.room.most_of_one;
        match (may, self.begun < self.room.tasks) {
            (true, true) => Begins::AtOnce,
            (false, _) if now > 0 && later < self.room.ahead => Begins::Later,
            (_, false) => Begins::Full,
            (false, true) => Begins::Not,
        }
    }

    /// Takes what this task of the job needs; an error says why it has to wait.
    pub(crate) fn take(&mut self, job: &Job, task: &Task, begins: Begins) -> Result<(), HeldUp> {
        let bytes = self.room.needs(job.limits_of(task).memory_bytes);
        let holder = Some(job.organisation.clone());
        let fits = self.memory.admits_run(&holder, bytes);
        let at_once = begins == Begins::AtOnce;
        let quick = || self.room.quick.contains(&(job.organisation.clone(), task.digest));
        if !at_once && (job.session.is_some() || !quick() || fits.is_err()) {
            return Err(HeldUp::Tasks);
        }
        if let Err(lack) = fits {
            if !self.memory.runs(&holder) && !self.memory.has_promised() {
                self.memory.promise(Some((holder, bytes)));
            }
            return Err(match lack {
                Lack::Share => HeldUp::Share { bytes },
                Lack::Memory => HeldUp::Memory { bytes },
            });
        }
        let of = self.of.entry(job.organisation.clone()).or_default();
        if at_once {
            of.0 += 1;
            self.begun += 1;
            self.memory.take(&holder, bytes, Use::Run);
        } else {
            // Those that begin later take what others have given back by then.
            of.1 += 1;
        }
        Ok(())
    }

    /// The organisation gets no more in this claim.
    pub(crate) fn hold_up(&mut self, claims: &mut Claims, organisation: Organisation, why: HeldUp) {
        self.done.insert(organisation.clone());
        claims.held_up.insert(organisation, why);
    }
}
