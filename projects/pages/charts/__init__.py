"""The arithmetic of charts: where a figure is drawn. No Django here, no colour, no word of any language.

Templates (components/charts/) draw what these modules place; the look is in static/css/components/chart.css.
Across, places are percent of the drawing's width (0..100), so that a chart fits a phone and a sheet of paper;
down, they are em, so that it grows with the reader's text.
"""
