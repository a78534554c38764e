//! `POST /api/v1/enrol` and `GET /api/v1/devices`.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use stocksync_schemas::Code;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{EnrolError, EnrolledDevice};
use crate::auth::{Permission, Principal};
use crate::clock;
use crate::http::{
    Access, ApiError, AppState, Created, JsonBody, Operation, PageOf, PageParams, QueryParams, Route, RouteClass,
};

/// The feature's routes.
pub fn routes() -> Vec<Route> {
    let enrol = Operation {
        id: "enrol_device".into(),
        summary: "Turns a one-time code into a device with a credential".into(),
        access: Access::Public,
        class: RouteClass::Write,
        errors: &[Code::EnrolmentCodeInvalid, Code::Unavailable],
    };
    let list = Operation {
        id: "list_devices".into(),
        summary: "Enrolled devices and how far each is behind".into(),
        access: Access::Requires(Permission::ReadDevices),
        class: RouteClass::Read,
        errors: &[],
    };
    vec![Route::post("/api/v1/enrol", enrol, enrol_device), Route::get("/api/v1/devices", list, list_devices)]
}

/// What a new device sends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolRequest {
    /// tenant.code
    code: String,
    #[schema(min_length = 1, max_length = 100)]
    device_name: String,
}

/// What it is given; the credential is shown once.
#[derive(Debug, Serialize, ToSchema)]
pub struct Enrolment {
    tenant: Uuid,
    device: Uuid,
    /// tenant.device.secret
    credential: String,
}

async fn enrol_device(
    State(state): State<AppState>,
    JsonBody(request): JsonBody<EnrolRequest>,
) -> Result<Created<Enrolment>, ApiError> {
    let credential = super::enrol(state.database(), &request.code, &request.device_name, clock::now_ms()).await?;
    let text = credential.to_text();
    Ok(Created(Enrolment { tenant: credential.tenant, device: credential.device, credential: text }))
}

async fn list_devices(
    State(state): State<AppState>,
    principal: Principal,
    QueryParams(page): QueryParams<PageParams>,
) -> Result<PageOf<EnrolledDevice>, ApiError> {
    let limit = page.row_limit()?;
    let after = page.start_key(Uuid::nil(), |text| Uuid::try_parse(text).ok())?;
    let rows = super::list(state.database(), principal.tenant, after, limit).await?;
    Ok(PageOf::new(rows, limit, |last| last.device.to_string()))
}

impl From<EnrolError> for ApiError {
    fn from(error: EnrolError) -> Self {
        match error {
            EnrolError::Name => {
                let text = "1 to 100 characters, no control characters";
                Self::new(Code::InvalidRequest).detail("device_name", "length", text)
            }
            EnrolError::Code => Self::new(Code::EnrolmentCodeInvalid),
            EnrolError::NoRandomness(error) => error.into(),
            EnrolError::Database(error) => error.into(),
        }
    }
}
