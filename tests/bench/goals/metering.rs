//! What metering costs, and what the sandbox costs: three kernels with fuel, without, and natively.

use std::hint::black_box;

use crate::bare_engine::BareEngine;
use crate::clock::ProcessorTime;
use crate::goal::{goal, measured};
use crate::report::{Line, Report};
use support::bench::asked::Asked;
use support::bench::load::runtime;
use support::bench::rounds::{Rounds, milliseconds, ratio};

const NOTE: &str = "processor time of one call of a kernel, with fuel, without, and natively by turns; ratios are \
    those of each round. The kernels are a product of two 600×600 matrices of f64, 100 linear regressions of 16 \
    columns on 5,000 rows by the normal equations, and XXH64 over 500 MiB, each made of its own numbers inside; \
    instances are made before. One component, built as `analyte build` does (SIMD, unrolled loops), on two wasmtime \
    engines with the server's settings that differ in `consume_fuel` only; with fuel it yields every 1,000,000 units, \
    as the server has it. Natively: the same crate in this program, for plain x86-64 (SSE2). All three give the same \
    checksum, bit by bit.";

/// A kernel: its model, the same function natively, and how much it is to do, in short and in full. In short it still takes
/// some milliseconds, since what metering costs is compared in the quick form, too.
type Kernel = (&'static str, fn(u32) -> u64, u32, u32);

const KERNELS: [Kernel; 3] = [
    ("matrix-product", kernels_plugin::matrix_product::run, 300, 600),
    ("normal-equations", kernels_plugin::normal_equations::run, 10, 100),
    ("hash", kernels_plugin::hash::run, 50, 500),
];

/// All kernels, each in three ways by turns.
pub(crate) fn measure(asked: &Asked) -> Report {
    let (fuel, free) = (BareEngine::with_fuel(), BareEngine::without_fuel());
    let runtime = runtime();
    let (mut metering, mut compute) = (Vec::new(), Vec::new());
    for (model, native, short, full) in KERNELS {
        let size = asked.pick(short, full);
        let (mut with, mut without, mut natively) = (Rounds::default(), Rounds::default(), Rounds::default());
        let (mut cost, mut slower) = (Rounds::default(), Rounds::default());
        for round in 0..9 {
            let (checksum, metered) = runtime.block_on(sandboxed(fuel, model, size));
            let (second, free) = runtime.block_on(sandboxed(free, model, size));
            assert_eq!(second, checksum, "{model} computes the same with fuel and without");
            with.add(metered);
            without.add(free);
            cost.add(metered / free);
            // A build that is not optimised is slow natively, and says nothing: once shows that it computes the same.
            if round == 0 || !asked.quick {
                let (third, outside) = timed(native, size);
                assert_eq!(third, checksum, "{model} computes the same natively");
                natively.add(outside);
                slower.add(metered / outside);
            }
        }
        let figure = format!("metering-{model}");
        let wanted = goal(&figure);
        metering.push(Line {
            what: format!("metering: fuel on / off, {model}"),
            goal: wanted.goal.to_string(),
            stretch: wanted.stretch.to_string(),
            measured: format!("{}: {} to {}", cost.shown(ratio), with.shown(milliseconds), without.shown(milliseconds)),
            figures: vec![measured(&figure, cost.median())],
        });
        let figure = format!("native-{model}");
        let wanted = goal(&figure);
        compute.push(Line {
            what: format!("wasm with SIMD and fuel / native SSE2, {model}"),
            goal: wanted.goal.to_string(),
            stretch: wanted.stretch.to_string(),
            measured: format!(
                "{}: {} to {}",
                slower.shown(ratio),
                with.shown(milliseconds),
                natively.shown(milliseconds)
            ),
            figures: vec![measured(&figure, slower.median())],
        });
    }
    Report { lines: metering.into_iter().chain(compute).collect(), note: NOTE.to_owned() }
}

/// The checksum of a kernel, and its time in milliseconds.
fn timed(kernel: fn(u32) -> u64, size: u32) -> (u64, f64) {
    let began = ProcessorTime::now();
    let checksum = black_box(kernel(black_box(size)));
    (checksum, began.milliseconds())
}

async fn sandboxed(engine: &BareEngine, model: &str, size: u32) -> (u64, f64) {
    let instance = engine.instance().await;
    let (outcome, took) = instance.run(model, &format!(r#"{{"size":{size}}}"#)).await;
    let checksum = outcome.output.columns[0].data.as_slice().try_into().expect("eight bytes");
    (u64::from_le_bytes(checksum), took)
}
