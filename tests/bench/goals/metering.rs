//! What metering costs, and what the sandbox costs: three kernels with fuel, without, and natively.

use std::hint::black_box;

use crate::bare_engine::BareEngine;
use crate::clock::ProcessorTime;
use crate::report::{Line, Report};
use crate::verdict::Measured;
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

/// A kernel: its model, the same function natively, and how much it is to do, in short and in full.
type Kernel = (&'static str, fn(u32) -> u64, u32, u32);

const KERNELS: [Kernel; 3] = [
    ("matrix-product", kernels_plugin::matrix_product::run, 60, 600),
    ("normal-equations", kernels_plugin::normal_equations::run, 2, 100),
    ("hash", kernels_plugin::hash::run, 2, 500),
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
        for _ in 0..asked.pick(1, 9) {
            let all = [
                runtime.block_on(sandboxed(fuel, model, size)),
                runtime.block_on(sandboxed(free, model, size)),
                timed(native, size),
            ];
            let [(checksum, metered), (second, free), (third, outside)] = all;
            assert_eq!([second, third], [checksum; 2], "{model} computes the same everywhere");
            with.add(metered);
            without.add(free);
            natively.add(outside);
            cost.add(metered / free);
            slower.add(metered / outside);
        }
        metering.push(Line {
            what: format!("metering: fuel on / off, {model}"),
            goal: "1.15",
            stretch: "1.05",
            measured: format!("{}: {} to {}", cost.shown(ratio), with.shown(milliseconds), without.shown(milliseconds)),
            figures: vec![Measured::less(cost.median(), 1.15, 1.05)],
        });
        compute.push(Line {
            what: format!("wasm with SIMD and fuel / native SSE2, {model}"),
            goal: "1.8",
            stretch: "1.4",
            measured: format!(
                "{}: {} to {}",
                slower.shown(ratio),
                with.shown(milliseconds),
                natively.shown(milliseconds)
            ),
            figures: vec![Measured::less(slower.median(), 1.8, 1.4)],
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
