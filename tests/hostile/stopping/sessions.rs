//! Guests in an instance that keeps its memory between runs, as stateful sessions have.

use analyte_engine::run::session::WarmInstance;

use super::*;

/// An instance that has run once.
async fn warm(engine: &Engine, attack: &str) -> (WarmInstance, Arc<ModelInfo>) {
    // What it does depends on whether it is given a row.
    let body = format!("(if (i64.gt_u (local.get 2) (i64.const 0)) (then {attack}))");
    let (component, model) = install(engine, &body).await;
    let room = component.room_for(None, ROOMY).await;
    let mut warm = WarmInstance::new(component, ROOMY.memory_bytes, room).await.expect("a place");
    let reported = Arc::new(Reported::default());
    assert!(warm.run(request(&model, "[]", ROOMY, &reported)).await.outcome.is_ok());
    assert!(warm.usable());
    (warm, model)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warm_instance_is_stopped_like_any_other() {
    let (engine, _folder) = engine(Limits { memory_budget_bytes: 8 << 30, ..limits() });
    for (what, attack) in [
        ("stderr", write(64 << 10)),
        ("computing", for_ever("")),
        (
            "fill",
            format!(
                "(call $grow (i32.const 536870912)) {}",
                for_ever("(memory.fill (i32.const 65536) (i32.const 7) (i32.const 536000000))")
            ),
        ),
        (
            "a wait of a day",
            format!(
                "(global.set $own (call $subscribe (i64.const 86400000000000))) (i32.store (i32.const 4096) (global.get $own)) {}",
                for_ever("(call $poll (i32.const 4096) (i32.const 1) (i32.const 64))")
            ),
        ),
    ] {
        // At the end of its time.
        let (mut instance, model) = warm(&engine, &attack).await;
        let reported = Arc::new(Reported::default());
        let asked = Instant::now();
        let said = shown(&instance.run(request(&model, "[{}]", ROOMY, &reported)).await);
        let took = asked.elapsed();
        assert_eq!(said.lines().next().map(str::trim), Some(TIMEOUT), "{what}");
        assert!(took < Duration::from_secs(10) && !instance.usable(), "{what}: {took:?}");
        drop(instance);
        // When its session is closed or its job is cancelled meanwhile.
        let (mut instance, model) = warm(&engine, &attack).await;
        let limits = RunLimits { timeout_ms: 3_600_000, ..ROOMY };
        let running = tokio::spawn(async move {
            let reported = Arc::new(Reported::default());
            instance.run(request(&model, "[{}]", limits, &reported)).await
        });
        let steps = steps_of(&engine);
        eventually("it to run", || (steps_of(&engine) > steps + 1 || what.contains("wait")).then_some(()));
        let asked = Instant::now();
        running.abort();
        eventually("it to be gone", || (engine.budget().reserved() == 0).then_some(()));
        let longest = engine.longest_step();
        println!("{what}: ended after {took:?} of 1 s; stopped within {:?}; longest step {longest:?}", asked.elapsed());
        assert!(longest <= STEP, "{what}: {longest:?} without a pause");
    }
}

/// How many steps guests have had, as an operator reads it.
fn steps_of(engine: &Engine) -> u64 {
    let mut registry = prometheus_client::registry::Registry::default();
    engine.register(&mut registry);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).expect("metrics");
    let line = text.lines().find_map(|line| line.strip_prefix("analyte_guest_step_seconds_count "));
    line.expect("the figure").parse().expect("a number")
}

/// Instances of a component with many memories hold all places of the pool: a run waits for some, and does not fail.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_waits_for_places_that_warm_instances_hold() {
    let (engine, _folder) = engine(Limits { memory_budget_bytes: 64 << 30, ..limits() });
    let (many, description) = engine.install(guest::with_memories(19).into()).await.expect("installed");
    let many_model = Arc::new(description.models.into_iter().next().expect("its model"));
    let (good, good_model) = install(&engine, "").await;
    assert_eq!((many.places(), good.places()), (20, 1));
    let small = RunLimits { memory_bytes: 64 << 20, ..ROOMY };
    let mut held = Vec::new();
    for _ in 0..engine.memories() / 20 {
        let room = many.room_for(None, small).await;
        let mut warm = WarmInstance::new(many.clone(), small.memory_bytes, room).await.expect("a place");
        let reported = Arc::new(Reported::default());
        let report = warm.run(request(&many_model, "[]", small, &reported)).await;
        assert!(report.outcome.is_ok(), "{:?}", report.outcome);
        held.push(warm);
    }
    let reported = Arc::new(Reported::default());
    let mut run = std::pin::pin!(good.run(request(&good_model, "[]", RUN, &reported)));
    tokio::select! {
        report = run.as_mut() => panic!("there is a place after all: {:?}", report.outcome),
        () = engine.places_wanted() => {}
    }
    held.pop();
    let report = run.await;
    assert!(report.outcome.is_ok(), "{:?}", report.outcome);
}
