//! Tests against a real Postgres: a database each, on one private cluster for the whole binary.
#![cfg(test)]

mod api;
mod binary;
mod catalogue;
#[path = "../../src/op_log/conformance.rs"]
mod conformance;
mod embedded;
mod http;
mod logs;
mod migrate;
mod plans;
mod roles;
mod sql;
mod support;
