//! Tests against a real Postgres: a database each, on one private cluster for the whole binary.
#![cfg(test)]

mod api;
mod binary;
#[path = "../../../fixtures/src/cases.rs"]
mod cases;
mod catalogue;
#[path = "../../src/op_log/conformance.rs"]
mod conformance;
mod console;
mod embedded;
mod fold_cases;
mod http;
mod logs;
mod migrate;
mod plans;
mod record_api;
#[path = "../../src/op_log/record_conformance.rs"]
mod record_conformance;
mod roles;
mod sql;
mod support;
mod tls;
