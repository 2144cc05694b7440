"""The portfolio: how all customers of a provider stand in one period."""

from __future__ import annotations

from reporter.render.portfolio.document import write_portfolio_html, write_portfolio_pdf
from reporter.render.portfolio.tables import write_portfolio_xlsx

__all__ = ["write_portfolio_html", "write_portfolio_pdf", "write_portfolio_xlsx"]
