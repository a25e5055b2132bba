"""A net of streets in a frame of its own, straight or bent, and the lots along them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rsvlm.trainer.scenes.sites.outlines import Points, ribbon
from rsvlm.trainer.scenes.sites.site import Site
from rsvlm.trainer.scenes.sites.traffic import drive, road


@dataclass(frozen=True)
class Net:
    """u runs along the streets, v across them, from the middle of the place. bend: how far streets sway, metres."""

    x: float
    y: float
    angle: float
    reach: float
    bend: float = 0.0
    wave: float = 200.0

    def at(self, u: float, v: float) -> tuple[float, float, float]:
        """x, y, and the angle of the street there."""
        v += self.bend * np.sin(u / self.wave)
        slope = self.bend * np.cos(u / self.wave) / self.wave
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        return (
            float(self.x + u * cos - v * sin),
            float(self.y + u * sin + v * cos),
            self.angle + float(np.arctan(slope)),
        )

    def line(self, u0: float, u1: float, v: float) -> Points:
        """Along a street: two points where it is straight."""
        steps = np.linspace(u0, u1, max(2, int((u1 - u0) / 10)) if self.bend else 2)
        return np.array([self.at(float(u), v)[:2] for u in steps])

    def across(self, u: float, v0: float, v1: float) -> Points:
        return np.array([self.at(u, v0)[:2], self.at(u, v1)[:2]])


def make_net(site: Site, bent: float = 0.0) -> Net:
    """bent: how often streets sway."""
    rng = site.rng
    upright = rng.random() < 0.35
    angle = float(rng.choice((0, np.pi / 2))) + (0 if upright else float(rng.uniform(-0.8, 0.8)))
    bend = float(rng.uniform(6, 20)) if rng.random() < bent else 0.0
    return Net(site.size / 2, site.size / 2, angle, site.size * 0.75, bend, float(rng.uniform(40, 90)))


@dataclass(frozen=True)
class Plan:
    """rows, columns: where streets run, metres across and along. width: of a street. marked: how well its lines are seen."""

    net: Net
    rows: tuple[float, ...]
    columns: tuple[float, ...]
    width: float


def streets(site: Site, net: Net, deep: float, long: float, width: float, gap: float) -> Plan:
    """Streets `deep` metres apart, crossed every `long` metres. gap: metres between cars that drive."""
    rng = site.rng
    roads, marked = site.thing("road"), float(rng.uniform(0, 1)) if width > 6.5 else 0.0
    start_v, start_u = float(rng.uniform(0, deep)), float(rng.uniform(0, long))
    rows = tuple(float(v) for v in np.arange(start_v - net.reach, net.reach, deep))
    columns = tuple(float(u) for u in np.arange(start_u - net.reach, net.reach, long))
    lines = [net.line(-net.reach, net.reach, v) for v in rows] + [net.across(u, -net.reach, net.reach) for u in columns]
    walks = site.gsd < 0.8 and rng.random() < 0.6
    for line in lines if walks else []:
        road_edge(site, line, width + 3.4)
    for line in lines:
        road(site, line, width, roads, marked)
    for line in lines:
        if len(line) == 2:
            drive(site, line, width, gap)
    return Plan(net, rows, columns, width)


def road_edge(site: Site, line: Points, width: float) -> None:
    """Pavements on both sides of a street that comes later."""
    site.put("paved", ribbon(line, width), site.look.pale, take=True)


def lots(site: Site, plan: Plan, wide: float, spread: float) -> Iterator[tuple[float, float, float, float]]:
    """x, y at the edge of the street, the angle along it, and the width of the lot, for both sides of every row.

    The angle is such that the lot lies to the right of it.
    """
    rng, net = site.rng, plan.net
    for v in plan.rows:
        for hand in (-1, 1):
            u = -net.reach
            while u < net.reach:
                width = max(wide * 0.6, float(rng.normal(wide, spread)))
                x, y, angle = net.at(u + width / 2, v + hand * plan.width / 2)
                near = min((abs(u + width / 2 - column) for column in plan.columns), default=1e9)
                if site.inside(x, y, 40) and near > plan.width / 2 + width * 0.45:
                    yield x, y, angle if hand > 0 else angle + np.pi, width
                u += width
