//! `#[derive(Row)]`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Error, Fields, Ident, LitStr, Result};

use crate::docs;

/// What the attributes of a field say.
#[derive(Default)]
struct Options {
    rename: Option<String>,
    unit: Option<String>,
    base_type: Option<Ident>,
}

impl Options {
    fn of(field: &syn::Field) -> Result<Self> {
        let mut options = Self::default();
        for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("row")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("rename") {
                    options.rename = Some(meta.value()?.parse::<LitStr>()?.value());
                } else if meta.path.is_ident("unit") {
                    options.unit = Some(meta.value()?.parse::<LitStr>()?.value());
                } else if meta.path.is_ident("base_type") {
                    options.base_type = Some(meta.value()?.parse()?);
                } else {
                    return Err(meta.error("known here: `rename = \"…\"`, `unit = \"…\"`, `base_type = …`"));
                }
                Ok(())
            })?;
        }
        Ok(options)
    }
}

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let fields = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => &fields.named,
            _ => return Err(Error::new(input.ident.span(), "a row is a struct with named fields")),
        },
        _ => return Err(Error::new(input.ident.span(), "a row is a struct with named fields")),
    };
    if let Some(parameter) = input.generics.params.first() {
        return Err(Error::new(parameter.span(), "a row struct owns its values and has no generic parameters"));
    }

    let mut names: Vec<String> = Vec::new();
    let (mut idents, mut types, mut bindings) = (Vec::new(), Vec::new(), Vec::new());
    let (mut describing, mut checking) = (Vec::new(), Vec::new());
    for (index, field) in fields.iter().enumerate() {
        let Some(ident) = &field.ident else { continue };
        let options = Options::of(field)?;
        let name = options.rename.unwrap_or_else(|| ident.to_string().trim_start_matches("r#").to_owned());
        if names.contains(&name) {
            return Err(Error::new(field.span(), format!("there are two columns `{name}`")));
        }
        let ty = &field.ty;
        let description = docs::text(&field.attrs);
        let mut describe = quote_spanned! {ty.span()=>
            ::analyte_sdk::Field::of::<#ty>(#name).describe(#description)
        };
        if let Some(unit) = options.unit {
            describe.extend(quote! { .unit(#unit) });
        }
        if let Some(base_type) = options.base_type {
            describe = quote! { ::analyte_sdk::Field { base_type: ::analyte_sdk::BaseType::#base_type, ..#describe } };
            checking.push(quote_spanned! {base_type.span()=>
                const _: () = ::std::assert!(
                    ::analyte_sdk::suits(
                        <<#ty as ::analyte_sdk::WriteCell>::Value as ::analyte_sdk::Value>::KIND,
                        ::analyte_sdk::BaseType::#base_type,
                    ),
                    "this base type has another layout than the field's type"
                );
            });
        }
        names.push(name);
        idents.push(ident);
        types.push(ty);
        bindings.push(format_ident!("column_{index}"));
        describing.push(describe);
    }

    let row = &input.ident;
    let writer_types = types.iter().map(|_| quote! { ::analyte_sdk::Writer });
    Ok(quote! {
        #(#checking)*

        #[automatically_derived]
        impl ::analyte_sdk::Row for #row {
            type Reader<'t> =
                (#(::analyte_sdk::Column<'t, <#types as ::analyte_sdk::WriteCell>::Value>,)*);
            type Writers = (#(#writer_types,)*);

            fn fields() -> ::std::vec::Vec<::analyte_sdk::Field> {
                ::std::vec![#(#describing),*]
            }
            fn reader(table: &::analyte_sdk::Table) -> ::analyte_sdk::Result<Self::Reader<'_>> {
                ::std::result::Result::Ok((#(::analyte_sdk::open_cells::<#types>(table, #names)?,)*))
            }
            fn read(reader: &Self::Reader<'_>, row: usize) -> Self {
                let (#(#bindings,)*) = reader;
                Self { #(#idents: <#types as ::analyte_sdk::Cell>::read(#bindings, row),)* }
            }
            fn writers(rows: usize) -> Self::Writers {
                (#(::analyte_sdk::write_cells::<#types>(rows),)*)
            }
            fn write(self, writers: &mut Self::Writers) {
                let (#(#bindings,)*) = writers;
                #(::analyte_sdk::WriteCell::write(self.#idents, #bindings);)*
            }
            fn finish(writers: Self::Writers) -> ::std::vec::Vec<::analyte_sdk::Writer> {
                let (#(#bindings,)*) = writers;
                ::std::vec![#(#bindings),*]
            }
        }
    })
}
