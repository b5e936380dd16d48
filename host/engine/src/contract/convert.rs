//! Words of the contract as ours, and ours as the contract's.

use analyte_core::base_type::{BaseType, Kind as BufferKind};

use crate::contract::bindings::analyte::plugin::tables;

/// The WIT base type as ours.
pub(crate) fn base_type(given: tables::BaseType) -> BaseType {
    use tables::BaseType as T;
    match given {
        T::String => BaseType::String,
        T::Text => BaseType::Text,
        T::Integer => BaseType::Integer,
        T::Long => BaseType::Long,
        T::Number => BaseType::Number,
        T::Boolean => BaseType::Boolean,
        T::Datetime => BaseType::Datetime,
        T::Timespan => BaseType::Timespan,
        T::Location => BaseType::Location,
        T::Json => BaseType::Json,
        T::Infotable => BaseType::Infotable,
        T::Tags => BaseType::Tags,
        T::Query => BaseType::Query,
        T::VariantValue => BaseType::Variant,
        T::Guid => BaseType::Guid,
        T::Schedule => BaseType::Schedule,
        T::Hyperlink => BaseType::Hyperlink,
        T::Imagelink => BaseType::Imagelink,
        T::Html => BaseType::Html,
        T::Xml => BaseType::Xml,
        T::Password => BaseType::Password,
        T::Image => BaseType::Image,
        T::Blob => BaseType::Blob,
        T::Vec2 => BaseType::Vec2,
        T::Vec3 => BaseType::Vec3,
        T::Vec4 => BaseType::Vec4,
        T::Thingcode => BaseType::Thingcode,
        T::EntityName => BaseType::EntityName,
    }
}

/// Our base type as the WIT one.
pub(crate) fn wit_base_type(given: BaseType) -> tables::BaseType {
    use tables::BaseType as T;
    match given {
        BaseType::String => T::String,
        BaseType::Text => T::Text,
        BaseType::Integer => T::Integer,
        BaseType::Long => T::Long,
        BaseType::Number => T::Number,
        BaseType::Boolean => T::Boolean,
        BaseType::Datetime => T::Datetime,
        BaseType::Timespan => T::Timespan,
        BaseType::Location => T::Location,
        BaseType::Json => T::Json,
        BaseType::Infotable => T::Infotable,
        BaseType::Tags => T::Tags,
        BaseType::Query => T::Query,
        BaseType::Variant => T::VariantValue,
        BaseType::Guid => T::Guid,
        BaseType::Schedule => T::Schedule,
        BaseType::Hyperlink => T::Hyperlink,
        BaseType::Imagelink => T::Imagelink,
        BaseType::Html => T::Html,
        BaseType::Xml => T::Xml,
        BaseType::Password => T::Password,
        BaseType::Image => T::Image,
        BaseType::Blob => T::Blob,
        BaseType::Vec2 => T::Vec2,
        BaseType::Vec3 => T::Vec3,
        BaseType::Vec4 => T::Vec4,
        BaseType::Thingcode => T::Thingcode,
        BaseType::EntityName => T::EntityName,
    }
}

/// The WIT buffer kind as ours.
pub(crate) fn buffer_kind(given: tables::BufferKind) -> BufferKind {
    match given {
        tables::BufferKind::BooleanBits => BufferKind::Bool,
        tables::BufferKind::Int32 => BufferKind::Int32,
        tables::BufferKind::Int64 => BufferKind::Int64,
        tables::BufferKind::Float32 => BufferKind::Float32,
        tables::BufferKind::Float64 => BufferKind::Float64,
        tables::BufferKind::Utf8 => BufferKind::Utf8,
        tables::BufferKind::Binary => BufferKind::Binary,
    }
}

/// Our buffer kind as the WIT one.
pub(crate) fn wit_buffer_kind(given: BufferKind) -> tables::BufferKind {
    match given {
        BufferKind::Bool => tables::BufferKind::BooleanBits,
        BufferKind::Int32 => tables::BufferKind::Int32,
        BufferKind::Int64 => tables::BufferKind::Int64,
        BufferKind::Float32 => tables::BufferKind::Float32,
        BufferKind::Float64 => tables::BufferKind::Float64,
        BufferKind::Utf8 => tables::BufferKind::Utf8,
        BufferKind::Binary => tables::BufferKind::Binary,
    }
}
