//! How organisations share memory: whether one may take some more of it now.
//!
//! An organisation that runs nothing takes what is free. One that runs something takes more only while it leaves as much
//! free as it then holds itself (where the share is 50 percent). So there is always room for the first run of another
//! organisation; where `n` of them want as much as they can get, each ends with one part of `n + 1`, and what one does not use
//! is lent to the others until their runs end. Switches share their buffers between ports in this way ("dynamic thresholds").
//!
//! A first run that takes more than a usual one leaves room for a usual one. Where it has to wait, room is promised to it: no
//! further run of an organisation that has one is let in before it, so that small runs do not starve it. First runs that
//! are no larger than usual are let in nevertheless.
//!
//! Plain data: a node keeps one and tells a store, which is what both decide by.

use std::collections::BTreeMap;

use crate::names::Organisation;

/// Who holds memory; `None` stands for work on what belongs to all organisations.
pub type Holder = Option<Organisation>;

/// What there is, and who holds how much of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shares {
    whole: u64,
    usual: u64,
    percent: u64,
    taken: u64,
    held: BTreeMap<Holder, Held>,
    promised: Option<(Holder, u64)>,
}

/// What one organisation holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Held {
    /// Bytes of all it holds.
    bytes: u64,
    /// Runs among it.
    runs: u64,
}

/// Why an organisation gets no more memory now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// Its organisation holds all that it may.
    Share,
    /// Too little is free, or what is free was promised to another organisation.
    Memory,
}

/// What memory is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// A running component.
    Run,
    /// What clients send and are sent.
    Transfer,
}

impl Shares {
    /// `whole` bytes in all, of which a usual run takes `usual`. `percent` is the most that one organisation holds while no
    /// other holds anything; 100: all of it, as where there is no other organisation.
    pub fn new(whole: u64, usual: u64, percent: u64) -> Self {
        Self { whole, usual, percent: percent.clamp(1, 100), taken: 0, held: BTreeMap::new(), promised: None }
    }

    /// Changes the most that one organisation holds while no other holds anything.
    pub fn set_percent(&mut self, percent: u64) {
        self.percent = percent.clamp(1, 100);
    }

    /// All there is, in bytes.
    pub fn whole(&self) -> u64 {
        self.whole
    }

    /// Bytes that are held.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// Bytes that are not held.
    pub fn free(&self) -> u64 {
        self.whole.saturating_sub(self.taken)
    }

    /// Bytes that this organisation holds.
    pub fn held(&self, holder: &Holder) -> u64 {
        self.held.get(holder).map_or(0, |held| held.bytes)
    }

    /// Whether this organisation runs anything.
    pub fn runs(&self, holder: &Holder) -> bool {
        self.held.get(holder).is_some_and(|held| held.runs > 0)
    }

    /// The most bytes that one run may take, so that it leaves room for a usual one of another organisation.
    pub fn largest_run(&self) -> u64 {
        self.whole - self.left_free()
    }

    /// The most bytes that one organisation may hold, be it alone.
    pub fn largest_share(&self) -> u64 {
        let bytes = u128::from(self.whole) * u128::from(self.percent) / 100;
        u64::try_from(bytes).unwrap_or(self.whole)
    }

    /// What a run larger than usual leaves free; nothing where there is no other organisation, or too little in all.
    fn left_free(&self) -> u64 {
        if self.percent == 100 || self.whole / 2 < self.usual { 0 } else { self.usual }
    }

    /// Whether a run of this organisation may take this many bytes now. More than [`Shares::largest_run`] it never may.
    pub fn admits_run(&self, holder: &Holder, bytes: u64) -> Result<(), Lack> {
        if self.runs(holder) {
            return self.admits_more(holder, bytes);
        }
        let leaves = if bytes > self.usual { self.left_free() } else { 0 };
        let promised = if bytes > self.usual { self.promised_beside(holder) } else { 0 };
        let enough = self.free().checked_sub(bytes).is_some_and(|left| left >= leaves.max(promised));
        if enough { Ok(()) } else { Err(Lack::Memory) }
    }

    /// Whether this organisation may take this many bytes beside what it has.
    pub fn admits_more(&self, holder: &Holder, bytes: u64) -> Result<(), Lack> {
        let then = self.held(holder).saturating_add(bytes);
        let left = self.free().checked_sub(bytes);
        let in_share = |left: u64| {
            u128::from(then) * u128::from(100 - self.percent) <= u128::from(left) * u128::from(self.percent)
        };
        match left {
            None if self.percent < 100 && then > self.largest_share() => Err(Lack::Share),
            None => Err(Lack::Memory),
            Some(left) if !in_share(left) => Err(Lack::Share),
            Some(left) if left < self.promised_beside(holder) => Err(Lack::Memory),
            Some(_) => Ok(()),
        }
    }

    /// What was promised to the first run of another organisation, and is to be left beside it.
    fn promised_beside(&self, holder: &Holder) -> u64 {
        match &self.promised {
            Some((to, bytes)) if to != holder && !self.runs(to) => {
                bytes.saturating_add(self.left_free()).min(self.whole)
            }
            _ => 0,
        }
    }

    /// Promises room to a first run that waits for these bytes; `None`: nothing is promised.
    pub fn promise(&mut self, to: Option<(Holder, u64)>) {
        self.promised = to;
    }

    /// Whether room is promised to an organisation.
    pub fn has_promised(&self) -> bool {
        self.promised.is_some()
    }

    /// Counts bytes as held, whether they were admitted or not.
    pub fn take(&mut self, holder: &Holder, bytes: u64, what: Use) {
        let held = match self.held.get_mut(holder) {
            Some(held) => held,
            None => self.held.entry(holder.clone()).or_default(),
        };
        held.bytes = held.bytes.saturating_add(bytes);
        held.runs += u64::from(what == Use::Run);
        self.taken = self.taken.saturating_add(bytes);
    }

    /// Counts them as free again.
    pub fn give_back(&mut self, holder: &Holder, bytes: u64, what: Use) {
        let Some(held) = self.held.get_mut(holder) else { return };
        held.bytes = held.bytes.saturating_sub(bytes);
        held.runs = held.runs.saturating_sub(u64::from(what == Use::Run));
        if *held == Held::default() {
            self.held.remove(holder);
        }
        self.taken = self.taken.saturating_sub(bytes);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "what all of the functions take")]
    fn holder(name: &str) -> Holder {
        Some(Organisation::new(name).unwrap())
    }

    /// Takes as many runs as are admitted; says how many.
    fn fill(shares: &mut Shares, who: &str, bytes: u64) -> u64 {
        let who = holder(who);
        let mut runs = 0;
        while shares.admits_run(&who, bytes).is_ok() {
            shares.take(&who, bytes, Use::Run);
            runs += 1;
        }
        runs
    }

    #[test]
    fn each_leaves_as_much_as_it_holds() {
        let mut shares = Shares::new(1_000, 10, 50);
        assert_eq!(shares.largest_share(), 500);
        assert_eq!((fill(&mut shares, "a", 10), fill(&mut shares, "b", 10), fill(&mut shares, "c", 10)), (50, 25, 12));
        assert_eq!(shares.admits_run(&holder("a"), 10), Err(Lack::Share));
        // Where runs of the first one end, the second one gets more until all have the same.
        for _ in 0..25 {
            shares.give_back(&holder("a"), 10, Use::Run);
        }
        assert_eq!((fill(&mut shares, "b", 10), fill(&mut shares, "a", 10)), (6, 3));
        assert_eq!(shares.held(&holder("c")), 120);
        for (who, runs) in [("a", 28), ("b", 31), ("c", 12)] {
            for _ in 0..runs {
                shares.give_back(&holder(who), 10, Use::Run);
            }
        }
        assert_eq!((shares.taken(), shares.held.len()), (0, 0));
    }

    #[test]
    fn one_alone_has_all_where_there_is_no_other() {
        let mut shares = Shares::new(1_000, 100, 100);
        assert_eq!((shares.largest_run(), shares.largest_share()), (1_000, 1_000));
        assert_eq!(fill(&mut shares, "a", 10), 100);
        assert_eq!(shares.admits_run(&holder("b"), 1), Err(Lack::Memory));
        let mut whole = Shares::new(1_000, 100, 100);
        assert_eq!(fill(&mut whole, "a", 1_000), 1);
    }

    #[test]
    fn a_first_run_may_be_larger_than_a_share_and_leaves_room_for_a_usual_one() {
        let mut shares = Shares::new(1_000, 100, 50);
        assert_eq!(shares.largest_run(), 900);
        assert_eq!(shares.admits_run(&holder("a"), 901), Err(Lack::Memory));
        assert_eq!(fill(&mut shares, "a", 900), 1);
        assert_eq!(shares.admits_run(&holder("b"), 101), Err(Lack::Memory));
        assert_eq!(fill(&mut shares, "b", 100), 1);
        assert_eq!(shares.admits_run(&holder("c"), 1), Err(Lack::Memory));
        // Where there is not room for two usual ones, nothing is kept.
        assert_eq!(fill(&mut Shares::new(150, 100, 50), "a", 150), 1);
    }

    #[test]
    fn what_was_promised_is_left_by_all_but_usual_first_runs() {
        let mut shares = Shares::new(1_000, 50, 50);
        shares.take(&holder("b"), 200, Use::Run);
        shares.take(&holder("c"), 200, Use::Run);
        assert_eq!(shares.admits_run(&holder("a"), 600), Err(Lack::Memory));
        assert_eq!(shares.admits_run(&holder("b"), 10), Ok(()));
        shares.promise(Some((holder("a"), 600)));
        assert_eq!(shares.admits_run(&holder("b"), 10), Err(Lack::Memory));
        assert_eq!(shares.admits_run(&holder("d"), 60), Err(Lack::Memory));
        assert_eq!(shares.admits_run(&holder("d"), 50), Ok(()));
        shares.give_back(&holder("c"), 200, Use::Run);
        assert_eq!(shares.admits_run(&holder("a"), 600), Ok(()));
        assert_eq!(shares.admits_run(&holder("b"), 10), Ok(()));
        shares.take(&holder("a"), 600, Use::Run);
        // It has its run, so nothing is promised any more.
        assert_eq!(shares.admits_run(&holder("d"), 60), Ok(()));
    }

    #[test]
    fn transfers_count_as_held_but_not_as_runs() {
        let mut shares = Shares::new(1_000, 100, 50);
        shares.take(&holder("a"), 500, Use::Transfer);
        assert_eq!(shares.admits_more(&holder("a"), 1), Err(Lack::Share));
        assert_eq!(shares.admits_run(&holder("a"), 100), Ok(()));
        shares.take(&holder("a"), 100, Use::Run);
        assert_eq!(shares.admits_run(&holder("a"), 1), Err(Lack::Share));
    }
}
