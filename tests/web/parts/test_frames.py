"""Frames, fields and summaries, rendered as pages render them."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.template import TemplateSyntaxError, engines


def render(source: str, **context: Any) -> str:
    text: str = engines["django"].from_string("{% load parts %}" + source).render(context)
    return text


class Trigger(forms.Form):
    """A form with a field of each kind."""

    name = forms.CharField(label="Name", help_text="Capitals make no difference.")
    filed = forms.BooleanField(label="File it", required=False)
    reach = forms.ChoiceField(label="Reach", choices=[("a", "here"), ("b", "all")], widget=forms.RadioSelect)
    token = forms.CharField(widget=forms.HiddenInput, required=False)


def test_a_frame_round_nothing_leaves_nothing() -> None:
    assert render('{% frame "card" title="Plans" %}  {% if no %}x{% endif %}\n{% endframe %}') == ""


def test_a_card_escapes_its_words_and_keeps_its_body() -> None:
    markup = render('{% frame "card" title=title %}<p>{{ name }}</p>{% endframe %}', title="<a>", name="<b>")
    assert "<h2>&lt;a&gt;</h2>" in markup
    assert "<p>&lt;b&gt;</p>" in markup


def test_a_frame_inside_a_frame_does_not_inherit_its_words() -> None:
    markup = render(
        '{% frame "card" title="Outer" foot="F" %}{% frame "card" %}x{% endframe %}{% endframe %}'
    )
    assert markup.count("Outer") == 1
    assert markup.count("card-foot") == 1


def test_the_words_of_a_frame_are_gone_after_it() -> None:
    assert render('{% frame "card" title="Plans" %}x{% endframe %}[{{ title }}]').endswith("[]")


@pytest.mark.parametrize("source", ['{% frame "nothing" %}x{% endframe %}', "{% frame %}x{% endframe %}"])
def test_a_frame_that_does_not_exist_is_refused(source: str) -> None:
    with pytest.raises(TemplateSyntaxError, match="frame takes one of"):
        render(source)


def test_a_table_can_be_scrolled_by_keyboard_and_has_a_name() -> None:
    markup = render('{% frame "table" label="Plans of OUH" %}<tbody></tbody>{% endframe %}')
    assert 'tabindex="0" role="region" aria-label="Plans of OUH"' in markup


def test_a_field_that_needs_a_change_says_so_at_the_field_and_in_the_summary() -> None:
    form = Trigger({"name": "", "reach": "a"})
    markup = render("{% error_summary form %}{% field form.name %}", form=form)
    assert "Not saved: 1 field needs a change" in markup
    assert '<a href="#id_name">Name: ' in markup
    assert 'aria-invalid="true"' in markup
    assert 'aria-describedby="id_name_helptext id_name_error"' in markup
    assert 'id="id_name_error"' in markup
    assert 'id="id_name_helptext"' in markup


def test_the_summary_counts_the_fields() -> None:
    markup = render("{% error_summary form %}", form=Trigger({}))
    assert "Not saved: 2 fields need a change" in markup
    assert "Everything you typed is still here." in markup


def test_a_form_that_fits_has_no_summary() -> None:
    assert render("{% error_summary form %}", form=Trigger({"name": "x", "reach": "a"})).strip() == ""


def test_what_is_wrong_with_the_whole_form_stands_in_the_summary() -> None:
    form = Trigger({"name": "x", "reach": "a"})
    form.add_error(None, "This <trigger> exists.")
    assert "This &lt;trigger&gt; exists." in render("{% error_summary form %}", form=form)


def test_every_field_has_its_label_before_or_beside_it() -> None:
    markup = render("{% for bound in form %}{% field bound %}{% endfor %}", form=Trigger())
    assert '<label for="id_name">Name</label>' in markup
    assert '<label for="id_filed">File it</label>' in markup
    assert "<legend>Reach</legend>" in markup
    assert '<input type="hidden" name="token" id="id_token">' in markup


def test_a_stat_leads_to_its_rows() -> None:
    markup = render('{% stat "Patients" "388" "of 520" "7 ahead" url="/plans/" %}')
    assert '<dd class="value"><a href="/plans/"><b>388</b></a> of 520</dd><dd class="">7 ahead</dd>' in markup


def test_a_step_without_address_is_where_we_are() -> None:
    markup = render('{% crumb "Protocols" "/p/" %}{% crumb "HN-19" %}')
    assert markup == ('<li><a href="/p/">Protocols</a></li><li><span aria-current="page">HN-19</span></li>')
