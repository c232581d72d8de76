"""Traces for OpenTelemetry: one span for each GraphQL request, with the type and name of its
operation and the code of its outcome; no variables, no documents, nobody's IDs.

The libraries are an extra, `headcount[tracing]`. Where spans go and how many is set as their
standard has it: OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER, OTEL_SERVICE_NAME ...
"""

from importlib.util import find_spec
from typing import TYPE_CHECKING

from graph import wire
from graph.observation import Observation
from graph.wording import shortened

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace.export import SpanExporter

EXTRA = "headcount[tracing]"
CLOSE_WITHIN = 3.0
"""Seconds in which what is left must have been sent when the process ends."""


def is_installed() -> bool:
    try:
        return find_spec("opentelemetry.exporter.otlp.proto.http.trace_exporter") is not None
    except ModuleNotFoundError:
        return False


class Tracing:
    """Sends spans in batches, from a thread of its own."""

    def __init__(self, exporter: "SpanExporter | None" = None) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        named = Resource({"service.name": "headcount"}).merge(OTELResourceDetector().detect())
        self._provider = TracerProvider(resource=named, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("headcount")
        self._propagator = TraceContextTextMapPropagator()

    def observe(self, seen: Observation) -> None:
        """The span of a request that has ended; its beginning is the request's `now`."""
        from opentelemetry.trace import SpanKind, StatusCode

        start = None if seen.now is None else int(seen.now.timestamp() * 1e9)
        span = self._tracer.start_span(
            f"GraphQL {seen.type}", self._caller(seen), SpanKind.SERVER, start_time=start
        )
        seen.trace_id = f"{span.get_span_context().trace_id:032x}"
        span.set_attribute("graphql.operation.type", seen.type)
        if seen.name is not None:
            span.set_attribute("graphql.operation.name", shortened(seen.name))
        span.set_attribute("headcount.field", seen.field)
        span.set_attribute("headcount.code", seen.code)
        span.set_attribute("http.response.status_code", seen.status)
        if seen.status >= 500 or seen.code == "INTERNAL_SERVER_ERROR":
            span.set_status(StatusCode.ERROR)
        span.end(None if start is None else start + int(seen.seconds * 1e9))

    def close(self) -> None:
        self._provider.force_flush(int(CLOSE_WITHIN * 1000))
        self._provider.shutdown()

    def _caller(self, seen: Observation) -> "Context":
        names = ("traceparent", "tracestate")
        given = {name: wire.text_of(seen.fields, name.encode()) for name in names}
        return self._propagator.extract({name: text for name, text in given.items() if text})
