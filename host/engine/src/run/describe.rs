//! Asks a component what it is, under limits of its own, and checks the answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use analyte_core::codes::Code;
use analyte_core::job::RunLimits;
use analyte_core::model::{ModelInfo, ProviderInfo};
use analyte_core::names::Organisation;

use crate::component::inspect::Kind;
use crate::component::validate::{self, Allowance};
use crate::component::{Component, Description, Exports};
use crate::contract::bindings::exports::analyte::plugin::provider;
use crate::error::Refused;
use crate::host::{Call, Terms};
use crate::lift_lower::Transfer;
use crate::machine::budget::Reservation;
use crate::request::ModelFile;
use crate::run::instance::{Called, GuestInstance};
use crate::run::reserved_instance::ReservedInstance;
use crate::runtime::pool_places::PoolPlace;
use crate::schedule::blocking::blocking;

impl Component {
    /// Calls `describe`, and of a provider `models`, in an instance of their own, on the share of this organisation.
    pub(crate) async fn describe(&self, of: Option<&Organisation>) -> Result<Description, Refused> {
        let (this, of) = (self.clone(), of.cloned());
        let limits = self.platform().limits().clone();
        let guest = self.guest(of.as_ref(), "describe")?;
        // Before it takes a thread: a call that waits for memory keeps no other guest waiting.
        let room = self.room_to_ask(of.as_ref()).await?;
        let (provider, models, written_bytes) = match self.exports() {
            Exports::Provider(_) => {
                let (info, models) = self
                    .on_guest_thread(guest, of.clone(), async move {
                        let Exports::Provider(indices) = this.exports() else { return Err(wrong_world()) };
                        let called = this.ask(room, None, async |store, instance| {
                            let guest = indices.load(&mut *store, instance)?;
                            let info = guest.call_describe(&mut *store).await?;
                            Ok((info, guest.call_models(&mut *store).await?))
                        });
                        answer("describe` or `models", called.await?)
                    })
                    .await?;
                blocking(move || {
                    let mut allowance = Allowance::new(&limits);
                    let info = validate::provider_info(info, &mut allowance)?;
                    let models = validate::model_infos(models, &mut allowance)?;
                    Ok((info, models, allowance.written()))
                })
                .await?
            }
            Exports::Model(_) => {
                let info = self
                    .on_guest_thread(guest, of.clone(), async move {
                        let Exports::Model(indices) = this.exports() else { return Err(wrong_world()) };
                        let called = this.ask(room, None, async |store, instance| {
                            indices.load(&mut *store, instance)?.call_describe(&mut *store).await
                        });
                        answer("describe", called.await?)
                    })
                    .await?;
                let (model, written) = blocking(move || {
                    let mut allowance = Allowance::new(&limits);
                    Ok((validate::model_info(info, &mut allowance)?, allowance.written()))
                })
                .await?;
                let asks = ProviderInfo { capabilities: model.capabilities.clone(), ..ProviderInfo::default() };
                (asks, vec![model], written)
            }
        };
        let imports = self.inspection().imports.clone();
        Ok(Description { kind: self.kind(), provider, models, imports, written_bytes })
    }

    /// Lets a provider look at a model file, on the share of this organisation, and checks what it says.
    pub async fn inspect_model(&self, of: Option<&Organisation>, file: ModelFile) -> Result<ModelInfo, Refused> {
        if self.kind() == Kind::Model {
            return Err(wrong_world());
        }
        let limits = self.platform().limits().clone();
        let (this, of) = (self.clone(), of.cloned());
        let (name, media_type) = (file.name.clone(), file.media_type.clone());
        let guest = self.guest(of.as_ref(), "inspect-model")?;
        let room = self.room_to_ask(of.as_ref()).await?;
        let info = self
            .on_guest_thread(guest, of.clone(), async move {
                let Exports::Provider(indices) = this.exports() else { return Err(wrong_world()) };
                let called = this.ask(room, Some(file), async |store, instance| {
                    let guest: provider::Guest = indices.load(&mut *store, instance)?;
                    guest.call_inspect_model(&mut *store, &name, &media_type).await
                });
                answer("inspect-model", called.await?)
            })
            .await?
            .map_err(|refusal| {
                Refused::component(format!("the provider refuses the model file: {}", refusal.message))
                    .because(refusal.code)
            })?;
        blocking(move || validate::model_info(info, &mut Allowance::new(&limits))).await
    }

    /// Room for one call outside any job, and its place in the pool.
    async fn room_to_ask(&self, of: Option<&Organisation>) -> Result<(Reservation, PoolPlace), Refused> {
        let limits = self.platform().limits();
        let bytes = limits.memory_bytes.saturating_add(limits.describe_bytes);
        let room = self.platform().budget().reserve(of, bytes).await;
        Ok((room, self.place().await?))
    }

    /// One call outside any job, in [room](Self::room_to_ask) that was made before.
    async fn ask<T>(
        &self,
        (room, place): (Reservation, PoolPlace),
        model_file: Option<ModelFile>,
        body: impl AsyncFnOnce(
            &mut wasmtime::Store<crate::host::HostState>,
            &wasmtime::component::Instance,
        ) -> wasmtime::Result<T>,
    ) -> Result<Called<T>, Refused> {
        let limits = self.platform().limits().clone();
        let run =
            RunLimits { fuel: limits.describe_fuel, memory_bytes: limits.memory_bytes, timeout_ms: limits.describe_ms };
        let transfer = Transfer::description(&limits);
        let deadline = Instant::now() + Duration::from_millis(run.timeout_ms);
        let call = Call::new(Terms { model_file, deadline, ..Terms::none(limits) });
        match ReservedInstance::new(GuestInstance::new(self.clone(), run.memory_bytes, place), Arc::new(room)).live() {
            Some(live) => Ok(live.call(run, transfer, call, body).await),
            None => Err(Refused::host("the instance has gone")),
        }
    }
}

fn wrong_world() -> Refused {
    Refused::component("the component is a model, which has no `models` and inspects no model files")
}

fn answer<T>(function: &str, called: Called<T>) -> Result<T, Refused> {
    called.answer.map_err(|failure| {
        let mut refused = match failure.code {
            Code::HostError => Refused::host(failure.message),
            _ => Refused::component(format!("the component's `{function}` failed: {}", failure.message)),
        };
        refused.causes = failure.causes;
        if !failure.stderr.is_empty() {
            refused.causes.push(failure.stderr);
        }
        refused
    })
}
