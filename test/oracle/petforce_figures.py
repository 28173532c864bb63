"""The figures of the households by day, month and cohort, in plain Python, and all their marts at once."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from . import petforce_marts as marts
from .petforce import Delivery, Seen
from .petforce_marts import MICRO, days_by, is_done, percent

LIST_PRICES = {"Free": Decimal(0), "Premium": Decimal("9.99"), "Enterprise": Decimal("49.99")}
LEVELS = [(0, "Inactive"), (9, "Low"), (49, "Medium")]


def household_marts(builds: list[list[Delivery]]) -> dict[str, list[dict]]:
    """Every mart after these builds, each of which read its own deliveries."""
    seen = Seen([delivery for deliveries in builds for delivery in deliveries])
    activity, revenue, daily = fct_household_activity(seen), fct_household_revenue(seen), fct_daily(seen)
    monthly = fct_monthly(seen, daily, activity, revenue)
    return {
        "dim_households": marts.dim_households(seen, builds),
        "dim_users": marts.dim_users(seen),
        "dim_pets": marts.dim_pets(seen),
        "dim_task_types": marts.dim_task_types(seen),
        "dim_date": marts.dim_date(),
        "fct_task_completions": marts.fct_task_completions(seen),
        "fct_user_logins": marts.fct_user_logins(seen),
        "fct_household_activity": activity,
        "fct_household_revenue": revenue,
        "fct_daily_metrics": daily,
        "fct_monthly_metrics": monthly,
        "fct_user_retention": fct_user_retention(seen),
        "fct_user_acquisition": fct_user_acquisition(seen),
        "fct_growth_metrics": fct_growth(monthly),
    }


def fct_household_activity(seen: Seen) -> list[dict]:
    counts, users = defaultdict(Counter), defaultdict(set)
    for log in seen.rows["activity_logs"]:
        if log["household_id"]:
            day = log["occurred_at"].date()
            counts[log["household_id"]][day] += 1
            users[log["household_id"], day].add(log["user_id"])
    rows = []
    for household in seen.rows["households"]:
        key = household["household_id"]
        first = min([household["created_at"].date(), *counts[key]])
        for day in (day for day in seen.days if day >= first):
            window = [day - timedelta(days=back) for back in range(30)]
            window = [one for one in window if one >= seen.days[0]]
            total = sum(counts[key][one] for one in window)
            user_days = sum(len(users[key, one]) for one in window)
            rows.append(
                {
                    "household_id": key,
                    "activity_date": day,
                    "activity_count": counts[key][day],
                    "active_user_count": len(users[key, day]),
                    "activities_last_30_days": total,
                    "avg_daily_active_users": (Decimal(user_days) / 30).quantize(MICRO, ROUND_HALF_UP),
                    "activity_level": next((name for most, name in LEVELS if total <= most), "High"),
                }
            )
    return rows


def fct_household_revenue(seen: Seen) -> list[dict]:
    rows = []
    for month, last in seen.months.items():
        running = defaultdict(list)
        for one in seen.rows["subscriptions"]:
            ended, cancelled = one["ended_at"], one["status"] == "cancelled"
            runs = one["started_at"].date() <= last and (ended is None or ended.date() > last)
            if runs and not (cancelled and ended is None):
                price = LIST_PRICES[one["plan"]]
                paid = Decimal(0) if one["status"] == "trial" else price
                running[one["household_id"]].append((price, one["plan"], paid))
        for household, plans in running.items():
            total = sum(paid for _, _, paid in plans)
            row = {"household_id": household, "revenue_month": month, "last_reported_date": last}
            row |= {"plan": max(plans)[1], "subscription_count": len(plans)}
            rows.append(row | {"monthly_recurring_revenue": total, "is_paying": total > 0})
    return rows


def fct_daily(seen: Seen) -> list[dict]:
    users, households = defaultdict(set), defaultdict(set)
    for log in seen.rows["activity_logs"]:
        day = log["occurred_at"].date()
        users[day].add(log["user_id"])
        households[day].add(log["household_id"])
    logs, tasks = seen.rows["activity_logs"], seen.rows["tasks"]
    counts = {
        "new_household_count": days_by(seen.rows["households"], "created_at"),
        "new_user_count": days_by(seen.rows["users"], "created_at"),
        "activity_count": days_by(logs, "occurred_at"),
        "login_count": days_by((log for log in logs if log["activity_type"] == "login"), "occurred_at"),
        "created_task_count": days_by(tasks, "created_at"),
        "completed_task_count": days_by(filter(is_done, tasks), "completed_at"),
    }
    return [
        {"metric_date": day, "active_user_count": len(users[day])}
        | {"active_household_count": len(households[day] - {None})}
        | {name: counted[day] for name, counted in counts.items()}
        for day in seen.days
    ]


def fct_monthly(seen: Seen, daily: list[dict], activity: list[dict], revenue: list[dict]) -> list[dict]:
    users = defaultdict(set)
    for log in seen.rows["activity_logs"]:
        users[_month(log["occurred_at"].date())].add(log["user_id"])
    added = ("new_household_count", "new_user_count", "activity_count", "completed_task_count")
    rows = []
    for month, last in seen.months.items():
        days = [row for row in daily if _month(row["metric_date"]) == month]
        awake = [row for row in activity if row["activity_date"] == last and row["activities_last_30_days"]]
        paid = [row for row in revenue if row["revenue_month"] == month]
        rows.append(
            {"month_start_date": month, "last_reported_date": last}
            | {name: sum(row[name] for row in days) for name in added}
            | {"active_user_count": len(users[month]), "active_household_count": len(awake)}
            | {"paying_household_count": sum(row["is_paying"] for row in paid)}
            | {"monthly_recurring_revenue": sum(row["monthly_recurring_revenue"] for row in paid)}
        )
    return rows


def fct_user_retention(seen: Seen) -> list[dict]:
    active, cohorts = defaultdict(set), defaultdict(set)
    for log in seen.rows["activity_logs"]:
        active[_month(log["occurred_at"].date())].add(log["user_id"])
    for user in seen.rows["users"]:
        cohorts[_month(user["created_at"].date())].add(user["user_id"])
    return [
        {"cohort_month": cohort, "active_month": month, "cohort_size": len(users)}
        | {"months_since_registration": (month.year - cohort.year) * 12 + month.month - cohort.month}
        | {"retained_user_count": len(users & active[month])}
        | {"retention_rate": percent(len(users & active[month]), len(users))}
        for cohort, users in cohorts.items()
        for month in seen.months
        if cohort <= month
    ]


def fct_user_acquisition(seen: Seen) -> list[dict]:
    logs, groups = defaultdict(list), defaultdict(list)
    for log in seen.rows["activity_logs"]:
        logs[log["user_id"]].append(log["occurred_at"])
    for user in seen.rows["users"]:
        groups[user["created_at"].date(), user["acquisition_channel"]].append(user)
    rows = []
    for (day, channel), users in groups.items():
        active = sum(
            any(timedelta() <= at - user["created_at"] < timedelta(days=7) for at in logs[user["user_id"]])
            for user in users
        )
        row = {"registered_date": day, "acquisition_channel": channel, "new_user_count": len(users)}
        row |= {"verified_user_count": sum(user["is_email_verified"] for user in users)}
        rows.append(row | {"activated_user_count": active, "activation_rate": percent(active, len(users))})
    return rows


def fct_growth(monthly: list[dict]) -> list[dict]:
    rows, totals, before = [], Counter(), None
    for month in sorted(monthly, key=lambda row: row["month_start_date"]):
        row = {"growth_month": month["month_start_date"]}
        for kind in ("user", "household"):
            new = month[f"new_{kind}_count"]
            row |= {f"new_{kind}_count": new, f"{kind}_growth_rate": percent(new, totals[kind])}
            totals[kind] += new
            row[f"total_{kind}_count"] = totals[kind]
        revenue = month["monthly_recurring_revenue"]
        row["monthly_recurring_revenue"] = revenue
        row["revenue_growth_rate"] = percent(revenue - before, before) if before else None
        rows.append(row)
        before = revenue
    return rows


def _month(day: date) -> date:
    return day.replace(day=1)
