//! Around every call between guest and host: bounds what it carries, has the guest pay for it, and pauses where it took long.
//!
//! wasmtime calls this for the host's functions, those of WASI and the runtime's own calls alike. It pauses in place, inside
//! the call: a guest that only calls the host, without a loop between, would come to no other point where it can be stopped.

use std::pin::Pin;
use std::task::{Context, Poll};

use wasmtime::{AsContextMut as _, CallHook, CallHookHandler, StoreContextMut};

use crate::host::HostState;
use crate::lift_lower;
use crate::schedule::step;

/// The hook; all that it knows is in the store and on the thread.
pub(crate) struct Hook;

type Answer<'f> = Pin<Box<dyn Future<Output = wasmtime::Result<()>> + Send + 'f>>;

impl CallHookHandler<HostState> for Hook {
    // As `async_trait` would write it, but for the box: one is made only where there is a pause.
    fn handle_call_event<'a, 'b, 'f>(&'a self, mut store: StoreContextMut<'b, HostState>, event: CallHook) -> Answer<'f>
    where
        'a: 'f,
        'b: 'f,
        Self: 'f,
    {
        match event {
            // What the guest hands over in the middle of its work is small; only what it answers may be large.
            CallHook::CallingHost => {
                let most = store.data().call.terms.limits.transfer_bytes;
                store.set_hostcall_fuel(usize::try_from(most).unwrap_or(usize::MAX));
            }
            CallHook::ReturningFromWasm => {
                let most = store.data().transfer.bytes;
                store.set_hostcall_fuel(usize::try_from(most).unwrap_or(usize::MAX));
            }
            CallHook::ReturningFromHost => {
                if let Err(error) = HostState::pay(&mut store) {
                    return Box::pin(std::future::ready(Err(error)));
                }
            }
            // What it answered has to be taken before it is entered again to clear that away.
            CallHook::CallingWasm => {
                if let Some(answer) = lift_lower::deferred_answer() {
                    return Box::pin(async move {
                        let allowed = store.data().allowed();
                        let taken = lift_lower::take(store.as_context_mut(), *answer, allowed).await?;
                        store.data_mut().taken = Some(taken);
                        Ok(())
                    });
                }
            }
        }
        if step::is_over() { Box::pin(paused()) } else { Box::pin(GoOn) }
    }
}

async fn paused() -> wasmtime::Result<()> {
    step::pause().await;
    Ok(())
}

/// Ready at once. It has no size, so its box costs nothing.
struct GoOn;

impl Future for GoOn {
    type Output = wasmtime::Result<()>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Ok(()))
    }
}
