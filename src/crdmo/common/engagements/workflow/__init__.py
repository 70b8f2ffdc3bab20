"""The verbs of the contract layer. Both organizations sign; what is signed does not change."""

from .agreements import draft_agreement, sign_agreement
from .baselines import draft_baseline, sign_baseline
from .bids import ask_sponsor, decline_invitation, submit_bid
from .changes import (
    decline_out_of_scope,
    draft_change_order,
    log_out_of_scope,
    reject_change_order,
    sign_change_order,
)
from .duties import draft_duty_matrix, sign_duty_matrix
from .invoices import (
    accept_invoice,
    discard_invoice,
    dispute_invoice,
    draft_credit_note,
    draft_invoice,
    file_receipt,
    issue_invoice,
    record_payment,
    state_billing_party,
)
from .orders import (
    add_milestone,
    add_plan_line,
    book_cost,
    draft_work_order,
    hold_milestone,
    lift_hold,
    sign_work_order,
)
from .requests import (
    award_request,
    cancel_request,
    clarify_request,
    draft_request,
    extend_request,
    invite_bidder,
    issue_request,
    open_bids,
    order_from_award,
    score_bid,
)
from .status import report_risk, report_status

__all__ = [
    "accept_invoice",
    "add_milestone",
    "add_plan_line",
    "ask_sponsor",
    "award_request",
    "book_cost",
    "cancel_request",
    "clarify_request",
    "decline_invitation",
    "decline_out_of_scope",
    "discard_invoice",
    "dispute_invoice",
    "draft_agreement",
    "draft_baseline",
    "draft_change_order",
    "draft_credit_note",
    "draft_duty_matrix",
    "draft_invoice",
    "draft_request",
    "draft_work_order",
    "extend_request",
    "file_receipt",
    "hold_milestone",
    "invite_bidder",
    "issue_invoice",
    "issue_request",
    "lift_hold",
    "log_out_of_scope",
    "open_bids",
    "order_from_award",
    "record_payment",
    "reject_change_order",
    "report_risk",
    "report_status",
    "score_bid",
    "sign_agreement",
    "sign_baseline",
    "sign_change_order",
    "sign_duty_matrix",
    "sign_work_order",
    "state_billing_party",
    "submit_bid",
]
