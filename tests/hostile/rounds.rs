//! Each attack many times on a real server, beside a well-behaved neighbour: afterwards the server holds what it held
//! before, and the neighbour was served all the time.
//!
//! Three times each (one of which is not counted), or as often as `ANALYTE_HOSTILE_ROUNDS` says. What is measured is printed as rows of the table in README.md.

#![expect(clippy::indexing_slicing, reason = "tests fail by panicking; JSON values index to null")]
#![expect(clippy::print_stdout, reason = "shows the figures")]

mod arena;
mod connections;
mod guests;
mod installations;
mod jobs;
mod neighbour;

use std::path::Path;
use std::time::{Duration, Instant};

use arena::{Arena, is_served};

use super::placing::have;

/// What would take long with the usual settings: sessions that nobody ends, and components that never say what they are.
const CONFIG: &str = "[limits]\nsession_idle_ms = 2000\ndescribe_ms = 300\nresult_file_bytes = 16777216\n";

/// Makes an attack once, which was made this often before.
type Once = dyn Fn(&Arena, u32);

/// An attack: its name, and how it is made once; it is given how often it was made before.
struct Attack {
    name: &'static str,
    once: Box<Once>,
    /// Takes seconds, so that the usual run makes it once.
    slow: bool,
}

impl Attack {
    fn new(name: &'static str, once: impl Fn(&Arena, u32) + 'static) -> Self {
        Self { name, once: Box::new(once), slow: false }
    }

    fn slow(name: &'static str, once: impl Fn(&Arena, u32) + 'static) -> Self {
        Self { slow: true, ..Self::new(name, once) }
    }
}

/// How often each is made in the usual run, after the first time.
const USUAL: u32 = 2;

fn rounds() -> u32 {
    std::env::var("ANALYTE_HOSTILE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(USUAL)
}

/// Those whose names have `ANALYTE_HOSTILE_ATTACKS` in them, so that a long run can be made in parts.
fn chosen(attacks: Vec<Attack>) -> Vec<Attack> {
    let part = std::env::var("ANALYTE_HOSTILE_ATTACKS").unwrap_or_default();
    let chosen: Vec<Attack> = attacks.into_iter().filter(|attack| attack.name.contains(&part)).collect();
    assert!(!chosen.is_empty(), "no attack has {part} in its name");
    chosen
}

#[test]
fn every_attack_leaves_nothing_behind_and_a_neighbour_served() {
    if !have("/proc", Path::new("/proc/self/task").is_dir()) {
        return;
    }
    let arena = Arena::start(CONFIG);
    let attacks = chosen(
        [guests::attacks, jobs::attacks, installations::attacks, connections::attacks]
            .into_iter()
            .flat_map(|of| of(&arena))
            .collect(),
    );
    // So that what the first of its kind takes for ever is there.
    for attack in &attacks {
        let began = Instant::now();
        (attack.once)(&arena, 0);
        println!("{}: once in {:.1?}; then {}", attack.name, began.elapsed(), arena.holds());
    }
    // When nothing has become less for so long, what is left stays; sessions that are over go after seven seconds.
    let before = arena.rests(Duration::from_secs(if rounds() > USUAL { 8 } else { 1 }));
    let alone = arena.neighbour.undisturbed();
    println!("before: {before}; {alone}");
    for Attack { name, once, slow } in &attacks {
        let began = Instant::now();
        let times = if *slow && rounds() == USUAL { 1 } else { rounds() };
        for round in 1..=times {
            once(&arena, round);
        }
        let beside = arena.neighbour.beside(began);
        println!("{name}: {times} rounds in {:.1?}: {beside}; then {}", began.elapsed(), arena.holds());
        is_served(&format!("beside {name}"), &alone, &beside);
        // In the usual run once at the end, which is sooner than after each.
        if rounds() > USUAL {
            println!("{name}: back: {}", arena.is_back(&before, name));
        }
    }
    let back = arena.is_back(&before, "all attacks");
    let after = arena.neighbour.undisturbed();
    println!("after: {back}; {after}");
    is_served("afterwards", &alone, &after);
}
