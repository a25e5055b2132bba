<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
<context>
    <name>rsvlm</name>
    <message numerus="yes">
        <location filename="../rsvlm_plugin/dock/card.py"/>
        <source>%n more in the layer</source>
        <translation>
            <numerusform>%n weitere im Layer</numerusform>
            <numerusform>%n weitere im Layer</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <location filename="../rsvlm_plugin/dock/thumbnail.py"/>
        <source>%n tiles</source>
        <translation>
            <numerusform>%n Kachel</numerusform>
            <numerusform>%n Kacheln</numerusform>
        </translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/thumbnail.py"/>
        <source>1 tile</source>
        <translation>1 Kachel</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
        <source>A polygon of what was looked at, with the text, the model and its revision, the confidence (0 to 1), source, date, ground sample distance in metres, and warnings; with the style Detailed also a polygon for every tile, with its label and score. It is in the coordinate system of the raster.</source>
        <translation>Ein Polygon dessen, was betrachtet wurde, mit dem Text, dem Modell und seiner Revision, der Sicherheit (0 bis 1), Quelle, Datum, Bodenauflösung in Metern und Warnungen; beim Stil „Ausführlich“ auch ein Polygon für jede Kachel mit Bezeichnung und Wert. Es liegt im Koordinatensystem des Rasters.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
        <source>A raster on disk is read from its file, in its own resolution; a layer of the project in the bands it is shown with, another file in the bands its metadata name. A service (XYZ, WMS) is drawn.</source>
        <translation>Ein Raster auf der Festplatte wird aus seiner Datei gelesen, in seiner eigenen Auflösung; ein Layer des Projekts in den Kanälen, mit denen er angezeigt wird, eine andere Datei in den Kanälen, die ihre Metadaten nennen. Ein Dienst (XYZ, WMS) wird gezeichnet.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/export.py"/>
        <source>A shapefile holds 254 bytes in a field: “{name}” continues in {more}.</source>
        <translation>Ein Shapefile fasst 254 Bytes je Feld: „{name}“ geht weiter in {more}.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>Acquired</source>
        <translation>Aufgenommen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/place_row.py"/>
        <source>Add a raster to the map to begin.</source>
        <translation>Fügen Sie der Karte zuerst ein Raster hinzu.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/place_row.py"/>
        <source>All of one layer or group</source>
        <translation>Ein ganzer Layer oder eine ganze Gruppe</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>Another Python is in use: clear “Backend Python” and RSVLM_PYTHON to install one from here</source>
        <translation>Ein anderes Python ist in Gebrauch: Leeren Sie „Python des Backends“ und RSVLM_PYTHON, um von hier aus zu installieren</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/card.py"/>
        <source>Answer</source>
        <translation>Antwort</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>Answered</source>
        <translation>Beantwortet</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/export.py"/>
        <source>Answers cannot be saved as “{suffix}”.</source>
        <translation>Antworten können nicht als „{suffix}“ gespeichert werden.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/reply.py"/>
        <source>Ask again: it is started anew by itself.</source>
        <translation>Fragen Sie noch einmal: Es wird von selbst neu gestartet.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/reply.py"/>
        <source>Ask again; if it stays so, restart the backend in Settings ▸ Options ▸ rsvlm.</source>
        <translation>Fragen Sie noch einmal; bleibt es dabei, starten Sie das Backend unter Einstellungen ▸ Optionen ▸ rsvlm neu.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>Ask the backend whether everything it needs is there</source>
        <translation>Das Backend fragen, ob alles da ist, was es braucht</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/dock.py"/>
        <location filename="../rsvlm_plugin/dock/status_line.py"/>
        <source>Backend</source>
        <translation>Backend</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>Backend Python</source>
        <translation>Python des Backends</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/report.py"/>
        <source>Backend: {state}, device {device}, model {model}</source>
        <translation>Backend: {state}, Gerät {device}, Modell {model}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>Bands</source>
        <translation>Kanäle</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>Brief</source>
        <translation>Kurz</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
        <source>Brief: one sentence. Detailed: the extent is looked at tile by tile, and the text says what is where and how much of it there is. Structured: the same as a JSON document of a fixed form.</source>
        <translation>Kurz: ein Satz. Ausführlich: Die Ausdehnung wird Kachel für Kachel betrachtet, und der Text sagt, was wo ist und wie viel davon. Strukturiert: dasselbe als JSON-Dokument von fester Form.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>CPU</source>
        <translation>CPU</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>CRS</source>
        <translation>KBS</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>Check</source>
        <translation>Prüfen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/endpoint.py"/>
        <source>Check the backend's Python in Settings ▸ Options ▸ rsvlm.</source>
        <translation>Prüfen Sie das Python des Backends unter Einstellungen ▸ Optionen ▸ rsvlm.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/check.py"/>
        <location filename="../rsvlm_plugin/environment/install.py"/>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>Checking the backend</source>
        <translation>Das Backend wird geprüft</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/export.py"/>
        <source>Choose a folder that you may write to and that has room.</source>
        <translation>Wählen Sie einen Ordner, in den Sie schreiben dürfen und in dem Platz ist.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/export.py"/>
        <source>Choose a name that ends in .gpkg, .geojson or .shp.</source>
        <translation>Wählen Sie einen Namen, der auf .gpkg, .geojson oder .shp endet.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/geometry.py"/>
        <source>Choose a smaller extent, or another project CRS.</source>
        <translation>Wählen Sie eine kleinere Ausdehnung oder ein anderes Projekt-KBS.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/export.py"/>
        <source>Choose another name, or agree to replace it.</source>
        <translation>Wählen Sie einen anderen Namen, oder stimmen Sie dem Ersetzen zu.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/process.py"/>
        <source>Choose another one in Settings ▸ Options ▸ rsvlm, or run this command: {command}</source>
        <translation>Wählen Sie unter Einstellungen ▸ Optionen ▸ rsvlm ein anderes, oder führen Sie diesen Befehl aus: {command}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/process.py"/>
        <source>Choose another one in Settings ▸ Options ▸ rsvlm.</source>
        <translation>Wählen Sie unter Einstellungen ▸ Optionen ▸ rsvlm ein anderes.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>Choose the Folder with the Wheels</source>
        <translation>Ordner mit den Wheels wählen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>Choose the Python of the Backend</source>
        <translation>Python des Backends wählen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/report.py"/>
        <source>Code</source>
        <translation>Code</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>Confidence</source>
        <translation>Sicherheit</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/card.py"/>
        <location filename="../rsvlm_plugin/dock/report.py"/>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/card.py"/>
        <source>Copy the words</source>
        <translation>Den Text kopieren</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/install.py"/>
        <source>Copying the plugin</source>
        <translation>Die Erweiterung wird kopiert</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/locate.py"/>
        <source>Correct or clear it in Settings ▸ Options ▸ rsvlm, or in the environment QGIS is started from.</source>
        <translation>Berichtigen oder leeren Sie sie unter Einstellungen ▸ Optionen ▸ rsvlm oder in der Umgebung, aus der QGIS gestartet wird.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/dock.py"/>
        <source>Describe Extent</source>
        <translation>Ausdehnung beschreiben</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
        <source>Describe extent</source>
        <translation>Ausdehnung beschreiben</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/plugin.py"/>
        <source>Describe this layer</source>
        <translation>Diesen Layer beschreiben</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/plugin.py"/>
        <source>Describe what the map shows, in words</source>
        <translation>In Worten beschreiben, was die Karte zeigt</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/describing.py"/>
        <source>Describe {place}</source>
        <translation>{place} beschreiben</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
        <source>Described extent</source>
        <translation>Beschriebene Ausdehnung</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
        <source>Describes a raster, or a part of it, in words. The answer is written by a vision-language model that runs on this computer; no image leaves it.</source>
        <translation>Beschreibt ein Raster oder einen Teil davon in Worten. Die Antwort schreibt ein Bild-Sprach-Modell, das auf diesem Rechner läuft; kein Bild verlässt ihn.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>Detailed</source>
        <translation>Ausführlich</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/card.py"/>
        <source>Details</source>
        <translation>Einzelheiten</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/status_line.py"/>
        <source>Details and log of the backend</source>
        <translation>Einzelheiten und Protokoll des Backends</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/report.py"/>
        <source>Details…</source>
        <translation>Einzelheiten…</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>Device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/place_row.py"/>
        <source>Drag a rectangle on the map; Esc gives up.</source>
        <translation>Ziehen Sie auf der Karte ein Rechteck auf; Esc bricht ab.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/place_row.py"/>
        <source>Drag one on the map.</source>
        <translation>Ziehen Sie auf der Karte eines auf.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/place_row.py"/>
        <source>Draw</source>
        <translation>Zeichnen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/place_row.py"/>
        <source>Draw a rectangle on the map</source>
        <translation>Ein Rechteck auf der Karte zeichnen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/pixels.py"/>
        <source>Drawing the layer</source>
        <translation>Der Layer wird gezeichnet</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/place.py"/>
        <source>Drawn rectangle</source>
        <translation>Gezeichnetes Rechteck</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
        <source>Extent</source>
        <translation>Ausdehnung</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/dock.py"/>
        <source>Facts for a table, as JSON</source>
        <translation>Angaben für eine Tabelle, als JSON</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>Folder with wheels</source>
        <translation>Ordner mit Wheels</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>For a computer without a network: a folder filled by “make wheelhouse”. Empty: the package index.</source>
        <translation>Für einen Rechner ohne Netz: ein Ordner, den „make wheelhouse“ gefüllt hat. Leer: der Paketindex.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>GPU</source>
        <translation>GPU</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/pixels.py"/>
        <source>Give it as west, east, south, north, with the smaller number first.</source>
        <translation>Geben Sie sie als West, Ost, Süd, Nord an, die kleinere Zahl jeweils zuerst.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>Graphics Card if There Is One</source>
        <translation>Grafikkarte, wenn vorhanden</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/card.py"/>
        <source>How this answer came to be</source>
        <translation>Wie diese Antwort zustande kam</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
        <source>Input layer</source>
        <translation>Eingabelayer</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>Install</source>
        <translation>Installieren</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/install.py"/>
        <source>Install one from python.org or by your system's packages, and press Install again.</source>
        <translation>Installieren Sie eines von python.org oder aus den Paketen Ihres Systems, und drücken Sie noch einmal auf Installieren.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>Install the backend into {folder}</source>
        <translation>Das Backend in {folder} installieren</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>Installing the backend</source>
        <translation>Das Backend wird installiert</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/install.py"/>
        <source>Installing the backend (about 1 GB)</source>
        <translation>Das Backend wird installiert (etwa 1 GB)</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/process.py"/>
        <source>Its last words were: {words}</source>
        <translation>Seine letzten Worte waren: {words}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/card.py"/>
        <location filename="../rsvlm_plugin/dock/place_row.py"/>
        <source>Layer</source>
        <translation>Layer</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/layer_choice.py"/>
        <source>Layer to look at</source>
        <translation>Layer, der betrachtet wird</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/backend.py"/>
        <source>Loading the model</source>
        <translation>Das Modell wird geladen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/describing.py"/>
        <source>Looking at the map</source>
        <translation>Die Karte wird betrachtet</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/thumbnail.py"/>
        <source>Looking…</source>
        <translation>Wird betrachtet…</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/place.py"/>
        <source>Make a polygon layer current and select one or more of its features.</source>
        <translation>Machen Sie einen Polygonlayer zum aktuellen und wählen Sie darin ein oder mehrere Objekte.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/endpoint.py"/>
        <source>Make sure that you own this file and that the disk is not full.</source>
        <translation>Achten Sie darauf, dass diese Datei Ihnen gehört und die Festplatte nicht voll ist.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/install.py"/>
        <source>Making the environment</source>
        <translation>Die Umgebung wird angelegt</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/place_row.py"/>
        <source>Map</source>
        <translation>Karte</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/place.py"/>
        <source>Map extent</source>
        <translation>Kartenausdehnung</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>Models run on</source>
        <translation>Modelle laufen auf</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/install.py"/>
        <source>No Python {version} or newer that can make environments was found on this computer.</source>
        <translation>Auf diesem Rechner wurde kein Python {version} oder neuer gefunden, das Umgebungen anlegen kann.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/place.py"/>
        <source>No polygon is selected in the current layer.</source>
        <translation>Im aktuellen Layer ist kein Polygon gewählt.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/place_row.py"/>
        <source>No rectangle is drawn yet.</source>
        <translation>Es ist noch kein Rechteck gezeichnet.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/sources.py"/>
        <source>No visible layer lies in this place.</source>
        <translation>An diesem Ort liegt kein sichtbarer Layer.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/dock.py"/>
        <source>One sentence</source>
        <translation>Ein Satz</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/plugin.py"/>
        <source>Open Demo Project</source>
        <translation>Demoprojekt öffnen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/card.py"/>
        <source>Open as a layer</source>
        <translation>Als Layer öffnen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/locate.py"/>
        <source>Press Install in Settings ▸ Options ▸ rsvlm, or run this command: {command}</source>
        <translation>Drücken Sie unter Einstellungen ▸ Optionen ▸ rsvlm auf Installieren, oder führen Sie diesen Befehl aus: {command}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/endpoint.py"/>
        <source>Press Update in Settings ▸ Options ▸ rsvlm.</source>
        <translation>Drücken Sie unter Einstellungen ▸ Optionen ▸ rsvlm auf Aktualisieren.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>Processor Only</source>
        <translation>Nur Prozessor</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/card.py"/>
        <source>Progress</source>
        <translation>Fortschritt</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>Prompt</source>
        <translation>Eingabetext</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>Read from</source>
        <translation>Gelesen aus</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/card.py"/>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/card.py"/>
        <source>Remove this answer</source>
        <translation>Diese Antwort entfernen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>Resolution</source>
        <translation>Auflösung</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>Restart Backend</source>
        <translation>Backend neu starten</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>Revision</source>
        <translation>Revision</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
        <source>Satellite and aerial images in words, with the place they are about.</source>
        <translation>Satelliten- und Luftbilder in Worten, mit dem Ort, von dem sie handeln.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/answers.py"/>
        <source>Save Answer</source>
        <translation>Antwort speichern</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/card.py"/>
        <source>Save as a file…</source>
        <translation>Als Datei speichern…</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/card.py"/>
        <source>Save as…</source>
        <translation>Speichern als…</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/answers.py"/>
        <source>Saved as {path}.</source>
        <translation>Gespeichert als {path}.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/dock.py"/>
        <source>Say in words what is there</source>
        <translation>In Worten sagen, was dort ist</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/place_row.py"/>
        <source>Selection</source>
        <translation>Auswahl</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/place.py"/>
        <source>Selection in {layer}</source>
        <translation>Auswahl in {layer}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/install.py"/>
        <location filename="../rsvlm_plugin/environment/process.py"/>
        <source>Set RSVLM_HOME to a folder that you may write to.</source>
        <translation>Setzen Sie RSVLM_HOME auf einen Ordner, in den Sie schreiben dürfen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/pixels.py"/>
        <source>Set the parameter Extent.</source>
        <translation>Setzen Sie den Parameter Ausdehnung.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>Source</source>
        <translation>Quelle</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/backend.py"/>
        <location filename="../rsvlm_plugin/client/reply.py"/>
        <source>Starting the backend</source>
        <translation>Das Backend wird gestartet</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/card.py"/>
        <location filename="../rsvlm_plugin/dock/dock.py"/>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>Stop</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/card.py"/>
        <location filename="../rsvlm_plugin/dock/dock.py"/>
        <source>Stop (Esc); what has been said is kept</source>
        <translation>Anhalten (Esc); was gesagt wurde, bleibt erhalten</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/describing.py"/>
        <source>Stopped.</source>
        <translation>Angehalten.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>Stretch</source>
        <translation>Streckung</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>Structured</source>
        <translation>Strukturiert</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
        <source>Style</source>
        <translation>Stil</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/dock.py"/>
        <source>Style of the answer</source>
        <translation>Stil der Antwort</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/sources.py"/>
        <source>Switch a layer on in the Layers panel, or move the map to one.</source>
        <translation>Schalten Sie im Bedienfeld Layer einen ein, oder verschieben Sie die Karte zu einem.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
        <source>Text</source>
        <translation>Text</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>The Python that has the rsvlm backend. Empty: found by itself.</source>
        <translation>Das Python, in dem das rsvlm-Backend ist. Leer: wird von selbst gefunden.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/process.py"/>
        <source>The Python {path} does not have the rsvlm backend.</source>
        <translation>Im Python {path} ist kein rsvlm-Backend.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/saved.py"/>
        <source>The answers in this project were written by another version and cannot be shown.</source>
        <translation>Die Antworten in diesem Projekt stammen von einer anderen Version und können nicht gezeigt werden.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>The backend is in order.</source>
        <translation>Das Backend ist in Ordnung.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>The backend is installed.</source>
        <translation>Das Backend ist installiert.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>The backend is not in order; what it said stands below.</source>
        <translation>Das Backend ist nicht in Ordnung; was es gesagt hat, steht unten.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/backend.py"/>
        <source>The backend is version {backend}, the plugin {plugin}: press Update in the options.</source>
        <translation>Das Backend hat die Version {backend}, die Erweiterung {plugin}: Drücken Sie in den Optionen auf Aktualisieren.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>The backend runs with {path}.</source>
        <translation>Das Backend läuft mit {path}.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>The backend was ended; the next request starts it again.</source>
        <translation>Das Backend wurde beendet; die nächste Anfrage startet es wieder.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/process.py"/>
        <source>The backend's Python, {path}, cannot be started.</source>
        <translation>Das Python des Backends, {path}, lässt sich nicht starten.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>The check was stopped.</source>
        <translation>Die Prüfung wurde angehalten.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/locate.py"/>
        <source>The environment variable RSVLM_PYTHON names {path}, which does not exist.</source>
        <translation>Die Umgebungsvariable RSVLM_PYTHON nennt {path}, das es nicht gibt.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/pixels.py"/>
        <source>The extent covers no area.</source>
        <translation>Die Ausdehnung umfasst keine Fläche.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/install.py"/>
        <location filename="../rsvlm_plugin/environment/process.py"/>
        <source>The folder {folder} cannot be created.</source>
        <translation>Der Ordner {folder} lässt sich nicht anlegen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
        <source>The identifier of a model card, “compact” for instance. Not set: the model that comes along.</source>
        <translation>Die Kennung einer Modellkarte, zum Beispiel „compact“. Nicht gesetzt: das mitgelieferte Modell.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/install.py"/>
        <source>The installation stopped at “{step}”.</source>
        <translation>Die Installation blieb stehen bei „{step}“.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/install.py"/>
        <source>The installation was stopped.</source>
        <translation>Die Installation wurde angehalten.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/endpoint.py"/>
        <source>The key file of the rsvlm backend, {path}, cannot be read.</source>
        <translation>Die Schlüsseldatei des rsvlm-Backends, {path}, lässt sich nicht lesen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/install.py"/>
        <source>The last words were: {words}</source>
        <translation>Die letzten Worte waren: {words}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
        <source>The part to describe, in any coordinate system; what lies outside the raster is left out. Not set: the whole raster. A service needs it.</source>
        <translation>Der Teil, der beschrieben wird, in einem beliebigen Koordinatensystem; was außerhalb des Rasters liegt, wird weggelassen. Nicht gesetzt: das ganze Raster. Ein Dienst braucht ihn.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/geometry.py"/>
        <source>The place cannot be expressed in {crs}.</source>
        <translation>Der Ort lässt sich nicht in {crs} ausdrücken.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/place_row.py"/>
        <source>The project has no layer yet.</source>
        <translation>Das Projekt hat noch keinen Layer.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/endpoint.py"/>
        <source>The rsvlm backend did not say where it listens.</source>
        <translation>Das rsvlm-Backend hat nicht gesagt, wo es zu erreichen ist.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/process.py"/>
        <source>The rsvlm backend ended before it was ready.</source>
        <translation>Das rsvlm-Backend endete, bevor es bereit war.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/reply.py"/>
        <source>The rsvlm backend has said nothing for {seconds} seconds.</source>
        <translation>Das rsvlm-Backend hat {seconds} Sekunden lang nichts gesagt.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/locate.py"/>
        <source>The rsvlm backend is not installed yet.</source>
        <translation>Das rsvlm-Backend ist noch nicht installiert.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/endpoint.py"/>
        <source>The rsvlm backend is version {version} and does not fit this version of the plugin.</source>
        <translation>Das rsvlm-Backend hat die Version {version} und passt nicht zu dieser Version der Erweiterung.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/messages.py"/>
        <source>The rsvlm backend sent a reply that this plugin does not understand.</source>
        <translation>Das rsvlm-Backend hat eine Antwort gesendet, die diese Erweiterung nicht versteht.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/reply.py"/>
        <source>The rsvlm backend stopped in the middle of the answer.</source>
        <translation>Das rsvlm-Backend brach mitten in der Antwort ab.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/process.py"/>
        <source>The rsvlm backend was not ready after {seconds} seconds.</source>
        <translation>Das rsvlm-Backend war nach {seconds} Sekunden nicht bereit.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/place_row.py"/>
        <source>The selected polygons of the current layer</source>
        <translation>Die gewählten Polygone des aktuellen Layers</translation>
    </message>
    <message numerus="yes">
        <location filename="../rsvlm_plugin/layers/place.py"/>
        <source>The selection is large: the box around its %n polygons is looked at.</source>
        <translation>
            <numerusform>Die Auswahl ist groß: Betrachtet wird das Rechteck um ihr %n Polygon.</numerusform>
            <numerusform>Die Auswahl ist groß: Betrachtet wird das Rechteck um ihre %n Polygone.</numerusform>
        </translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/locate.py"/>
        <source>The setting “Backend Python” names {path}, which does not exist.</source>
        <translation>Die Einstellung „Python des Backends“ nennt {path}, das es nicht gibt.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/export.py"/>
        <source>The source has no coordinate system: coordinates are the raster's own.</source>
        <translation>Die Quelle hat kein Koordinatensystem: Die Koordinaten sind die des Rasters.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/results.py"/>
        <source>The style of result layers cannot be read: {why}</source>
        <translation>Der Stil der Ergebnislayer lässt sich nicht lesen: {why}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>Time taken</source>
        <translation>Zeitbedarf</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/process.py"/>
        <source>Try again; if it stays so, press Check in Settings ▸ Options ▸ rsvlm.</source>
        <translation>Versuchen Sie es noch einmal; bleibt es dabei, drücken Sie unter Einstellungen ▸ Optionen ▸ rsvlm auf Prüfen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>Update</source>
        <translation>Aktualisieren</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/messages.py"/>
        <source>Update the backend in Settings ▸ Options ▸ rsvlm.</source>
        <translation>Aktualisieren Sie das Backend unter Einstellungen ▸ Optionen ▸ rsvlm.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>Usual style</source>
        <translation>Üblicher Stil</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>Versions</source>
        <translation>Versionen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/dock.py"/>
        <source>What is where, tile by tile</source>
        <translation>Was wo ist, Kachel für Kachel</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/place_row.py"/>
        <source>What the map shows now</source>
        <translation>Was die Karte jetzt zeigt</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/thumbnail.py"/>
        <source>What the model will see</source>
        <translation>Was das Modell sehen wird</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/thumbnail.py"/>
        <source>What the model will see. Click to show the place on the map.</source>
        <translation>Was das Modell sehen wird. Klicken Sie, um den Ort auf der Karte zu zeigen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/report.py"/>
        <source>What went wrong</source>
        <translation>Was schiefgegangen ist</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/card.py"/>
        <source>Zoom</source>
        <translation>Zoomen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/place.py"/>
        <source>Zoom to a layer, or draw a rectangle on the map.</source>
        <translation>Zoomen Sie auf einen Layer, oder zeichnen Sie ein Rechteck auf der Karte.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/card.py"/>
        <source>Zoom to the place</source>
        <translation>Auf den Ort zoomen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/thumbnail.py"/>
        <source>about {time}</source>
        <translation>etwa {time}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>band {band}: {low} to {high}</source>
        <translation>Band {band}: {low} bis {high}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/thumbnail.py"/>
        <source>bands {bands}, native</source>
        <translation>Kanäle {bands}, aus der Datei</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
        <source>caption,description,words,text,image,satellite,aerial,vision,language,model,ai</source>
        <translation>Bildunterschrift,Beschreibung,Worte,Text,Bild,Satellit,Luftbild,Bildverstehen,Sprache,Modell,KI</translation>
    </message>
    <message numerus="yes">
        <location filename="../rsvlm_plugin/dock/thumbnail.py"/>
        <source>drawn from %n layers</source>
        <translation>
            <numerusform>aus %n Layer gezeichnet</numerusform>
            <numerusform>aus %n Layern gezeichnet</numerusform>
        </translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <location filename="../rsvlm_plugin/dock/thumbnail.py"/>
        <source>drawn from the map</source>
        <translation>von der Karte gezeichnet</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>in all</source>
        <translation>insgesamt</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/thumbnail.py"/>
        <source>no CRS</source>
        <translation>kein KBS</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <location filename="../rsvlm_plugin/environment/install.py"/>
        <location filename="../rsvlm_plugin/environment/process.py"/>
        <source>none</source>
        <translation>keine</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/status_line.py"/>
        <location filename="../rsvlm_plugin/environment/check.py"/>
        <source>not available</source>
        <translation>nicht verfügbar</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/thumbnail.py"/>
        <source>own CRS</source>
        <translation>eigenes KBS</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/card.py"/>
        <source>partial</source>
        <translation>unvollständig</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>reading</source>
        <translation>Lesen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/status_line.py"/>
        <source>ready</source>
        <translation>bereit</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/plugin.py"/>
        <source>rsvlm: Describe the Map</source>
        <translation>rsvlm: Die Karte beschreiben</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/card.py"/>
        <source>score {score}</source>
        <translation>Wert {score}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/status_line.py"/>
        <source>starting…</source>
        <translation>startet…</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/status_line.py"/>
        <source>starts with the first question</source>
        <translation>startet mit der ersten Frage</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/export.py"/>
        <source>the disk refused it</source>
        <translation>die Festplatte nahm es nicht an</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>the layer's own file</source>
        <translation>der Datei des Layers</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>today {time}</source>
        <translation>heute {time}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/thumbnail.py"/>
        <source>{length}/px</source>
        <translation>{length}/px</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/figures.py"/>
        <source>{n} cm</source>
        <translation>{n} cm</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/figures.py"/>
        <source>{n} ha</source>
        <translation>{n} ha</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/figures.py"/>
        <source>{n} km</source>
        <translation>{n} km</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/figures.py"/>
        <source>{n} km²</source>
        <translation>{n} km²</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/figures.py"/>
        <source>{n} m</source>
        <translation>{n} m</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/figures.py"/>
        <source>{n} min</source>
        <translation>{n} min</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/figures.py"/>
        <source>{n} m²</source>
        <translation>{n} m²</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/figures.py"/>
        <source>{n} s</source>
        <translation>{n} s</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/export.py"/>
        <source>{path} could not be written: {why}</source>
        <translation>{path} konnte nicht geschrieben werden: {why}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/export.py"/>
        <source>{path} exists already.</source>
        <translation>{path} gibt es schon.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/answers.py"/>
        <source>{path} exists already. Replace it?</source>
        <translation>{path} gibt es schon. Ersetzen?</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/figures.py"/>
        <source>{w} × {h} km</source>
        <translation>{w} × {h} km</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/figures.py"/>
        <source>{w} × {h} m</source>
        <translation>{w} × {h} m</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/place.py"/>
        <source>“{name}” covers no area.</source>
        <translation>„{name}“ umfasst keine Fläche.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/place.py"/>
        <source>“{name}” holds no layer that can be drawn.</source>
        <translation>„{name}“ enthält keinen Layer, der sich zeichnen lässt.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/pixels.py"/>
        <source>“{name}” is a service without an end.</source>
        <translation>„{name}“ ist ein Dienst ohne Grenzen.</translation>
    </message>
</context>
</TS>
