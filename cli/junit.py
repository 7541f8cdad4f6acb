"""A conformance report as JUnit XML, as common readers of test results take it: a suite a file, a case an outcome."""

import re
from xml.etree import ElementTree as ET

from lodestream.conformance.findings import TIERS, Check, FileReport, Report

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: Report) -> bytes:
    """The report as a UTF-8 document. A warning is a passed case with its text as output; what is not checked is skipped."""
    checks = [check for file in report.files for check in file.checks]
    root = ET.Element("testsuites", {"name": "lodestream conformance", **_counts(checks)})
    for file in report.files:
        _suite(root, file, report.at)
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _counts(checks: list[Check]) -> dict[str, str]:
    results = [check.result for check in checks]
    return {
        "tests": str(len(results)),
        "failures": str(results.count("failed")),
        "errors": "0",
        "skipped": str(results.count("not checked")),
        "time": "0",
    }


def _suite(root: ET.Element, file: FileReport, at: str) -> None:
    suite = ET.SubElement(root, "testsuite", {"name": _xml(file.file), "timestamp": at.removesuffix("Z"), **_counts(file.checks)})
    for check in file.checks:
        place = f" at {check.pointer or 'the whole'}" if check.result in ("failed", "warning") else ""
        name = _xml(f"{check.rule}{place}")
        case = ET.SubElement(
            suite, "testcase", classname=_xml(f"{file.file}.{check.tier} {TIERS[check.tier]}"), name=name, time="0"
        )
        if check.result == "failed":
            ET.SubElement(case, "failure", type=check.rule, message=_xml(check.found)).text = _said(check)
        elif check.result == "not checked":
            ET.SubElement(case, "skipped", message=_xml(check.found))
        elif check.result == "warning":
            ET.SubElement(case, "system-out").text = f"warning: {_said(check)}"


def _said(check: Check) -> str:
    return _xml(f"{check.found}\nclause: {check.clause}\nat: {check.pointer or 'the whole'}\nwhat to do: {check.advice}")


def _xml(text: str) -> str:
    """The text without what no XML 1.0 document can hold (section 2.2); markup is escaped when it is written."""
    return _NOT_XML.sub("\ufffd", text)
