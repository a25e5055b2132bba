"""The columns of a shapefile have names of their own, whatever the fields are called that a long text goes on beside."""

from __future__ import annotations

from osgeo import ogr
from qgis.core import QgsFeature, QgsGeometry, QgsPointXY, QgsVectorLayer

LONG = " ".join(f"roof{number}" for number in range(80))  # 549 bytes: three columns


def test_a_long_text_goes_on_beside_a_field_of_the_name_that_it_would_take(tmp_path, qgis_new_project):
    from rsvlm.rsvlm_plugin.layers.export import save_layer

    kinds = "".join(f"&field={name}:string(999)" for name in ("text", "text2", "Text3", "text_of_many"))
    layer = QgsVectorLayer(f"Point?crs=EPSG:4326{kinds}", "places", "memory")
    row = QgsFeature(layer.fields())
    row.setAttributes([LONG, "second", "other", LONG])
    row.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(7, 52)))
    assert layer.dataProvider().addFeatures([row])[0]
    path = tmp_path / "places.shp"
    notes = save_layer(layer, str(path))
    source = ogr.Open(str(path))
    read = next(iter(source.GetLayer(0))).items()
    assert len(read) == 8 and len({name.lower() for name in read}) == 8 and all(len(name) <= 10 for name in read)
    assert (read["text2"], read["Text3"]) == ("second", "other")
    assert " ".join(read[name] for name in ("text", "text4", "text5")) == LONG
    assert read["text_of_ma"] and " ".join(read[name] for name in ("text_of_ma", "text_of_m2", "text_of_m3")) == LONG
    assert notes == [
        "A shapefile's field names have ten characters: text_of_many → text_of_ma.",
        "A shapefile holds 254 bytes in a field: “text” continues in text4, text5.",
        "A shapefile holds 254 bytes in a field: “text_of_many” continues in text_of_m2, text_of_m3.",
    ]
