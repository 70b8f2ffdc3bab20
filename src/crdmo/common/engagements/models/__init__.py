"""The records of the contract layer, one file a subject."""

from .agreements import Agreement
from .baselines import Baseline, BaselineLine
from .bids import BidQuestion, BidScore, Clarification, Envelope, Invitation, Proposal, Request
from .changes import ChangeLine, ChangeOrder, OutOfScope
from .duties import DutyLine, DutyMatrix
from .invoices import BillingParty, Invoice, InvoiceLine, Receipt
from .orders import BookedCost, Milestone, MilestoneHold, PlanLine, PlanLink, PriceLine, WorkOrder

__all__ = [
    "Agreement",
    "Baseline",
    "BaselineLine",
    "BidQuestion",
    "BidScore",
    "BillingParty",
    "BookedCost",
    "ChangeLine",
    "ChangeOrder",
    "Clarification",
    "DutyLine",
    "DutyMatrix",
    "Envelope",
    "Invitation",
    "Invoice",
    "InvoiceLine",
    "Milestone",
    "MilestoneHold",
    "OutOfScope",
    "PlanLine",
    "PlanLink",
    "PriceLine",
    "Proposal",
    "Receipt",
    "Request",
    "WorkOrder",
]
