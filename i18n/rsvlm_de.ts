<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
<context>
    <name>rsvlm</name>
    <message numerus="yes">
        <location filename="../rsvlm_plugin/dock/evidence_lines.py"/>
        <source>%n more in the layer</source>
        <translation>
            <numerusform>%n weitere im Layer</numerusform>
            <numerusform>%n weitere im Layer</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <location filename="../rsvlm_plugin/processing/dataset.py"/>
        <source>%n records: {splits}</source>
        <translation>
            <numerusform>%n Datensatz: {splits}</numerusform>
            <numerusform>%n Datensätze: {splits}</numerusform>
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
        <location filename="../rsvlm_plugin/processing/finetune.py"/>
        <source>A YAML file in place of a shipped recipe.</source>
        <translation>Eine YAML-Datei anstelle eines mitgelieferten Rezepts.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/mask_records.py"/>
        <source>A feature that was drawn by hand has no label.</source>
        <translation>Ein von Hand gezeichnetes Objekt hat keine Bezeichnung.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/advice.py"/>
        <source>A file may not be written: choose another folder, or close other windows that use the backend.</source>
        <translation>Eine Datei darf nicht geschrieben werden: Wählen Sie einen anderen Ordner, oder schließen Sie andere Fenster, die das Backend benutzen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/pixel_files.py"/>
        <source>A mask holds {most} classes at most.</source>
        <translation>Eine Maske fasst höchstens {most} Klassen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/pixel_files.py"/>
        <source>A mask: a number for each class, on the pixels of the raster; names and colours are in the file.</source>
        <translation>Eine Maske: eine Zahl für jede Klasse, auf den Pixeln des Rasters; Namen und Farben stehen in der Datei.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/finetune.py"/>
        <source>A model trained on records of your own.</source>
        <translation>Ein Modell, das mit eigenen Datensätzen trainiert wurde.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/advice.py"/>
        <source>A package for this system and this Python was not found: install Python {version}, or fill the folder with wheels for just these, as the README says.</source>
        <translation>Ein Paket für dieses System und dieses Python wurde nicht gefunden: Installieren Sie Python {version}, oder füllen Sie den Ordner mit Wheels für genau diese, wie es die README sagt.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/advice.py"/>
        <source>A path is too long: choose a shorter folder.</source>
        <translation>Ein Pfad ist zu lang: Wählen Sie einen Ordner mit kürzerem Pfad.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/find_by_text.py"/>
        <source>A polygon for each thing, in the coordinate system of the raster, with its label, phrase, score (0 to 1), area in m² and perimeter in m along the ellipsoid, count, source, model, revision, and dates.</source>
        <translation>Ein Polygon für jedes Ding, im Koordinatensystem des Rasters, mit Bezeichnung, Ausdruck, Güte (0 bis 1), Fläche in m² und Umfang in m auf dem Ellipsoid, Anzahl, Quelle, Modell, Revision und Daten.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
        <source>A polygon of what was looked at, with the text, the model and its revision, the confidence (0 to 1), source, date, ground sample distance in metres, and warnings; with the style Detailed also a polygon for every tile, with its label and score. It is in the coordinate system of the raster.</source>
        <translation>Ein Polygon dessen, was betrachtet wurde, mit dem Text, dem Modell und seiner Revision, der Sicherheit (0 bis 1), Quelle, Datum, Bodenauflösung in Metern und Warnungen; beim Stil „Ausführlich“ auch ein Polygon für jede Kachel mit Bezeichnung und Güte. Es liegt im Koordinatensystem des Rasters.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/raster_algorithm.py"/>
        <source>A raster on disk is read from its file, in its own resolution; a layer of the project in the bands it is shown with, another file in the bands its metadata name. A service (XYZ, WMS) is drawn.</source>
        <translation>Ein Raster auf der Festplatte wird aus seiner Datei gelesen, in seiner eigenen Auflösung; ein Layer des Projekts in den Kanälen, mit denen er angezeigt wird, eine andere Datei in den Kanälen, die ihre Metadaten nennen. Ein Dienst (XYZ, WMS) wird gezeichnet.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/find_row.py"/>
        <source>A rectangle around each thing</source>
        <translation>Ein Rechteck um jedes Ding</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/segment_by_text.py"/>
        <source>A service has no pixels of its own for a mask raster. Leave that out.</source>
        <translation>Ein Dienst hat keine eigenen Pixel für ein Maskenraster. Lassen Sie es weg.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/shapefile.py"/>
        <source>A shapefile holds 254 bytes in a field: “{name}” continues in {more}.</source>
        <translation>Ein Shapefile fasst 254 Bytes je Feld: „{name}“ geht weiter in {more}.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/shapefile.py"/>
        <source>A shapefile holds points, lines or polygons, and this layer mixes them.</source>
        <translation>Ein Shapefile enthält Punkte, Linien oder Polygone, und dieser Layer mischt sie.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/shapefile.py"/>
        <source>A shapefile's field names have ten characters: {names}.</source>
        <translation>Feldnamen eines Shapefiles haben zehn Zeichen: {names}.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <location filename="../rsvlm_plugin/layers/found.py"/>
        <location filename="../rsvlm_plugin/layers/found_style.py"/>
        <source>Acquired</source>
        <translation>Aufgenommen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/refine_row.py"/>
        <location filename="../rsvlm_plugin/settings/servers_box.py"/>
        <source>Add</source>
        <translation>Hinzufügen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/place_row.py"/>
        <source>Add a raster to the map to begin.</source>
        <translation>Fügen Sie der Karte zuerst ein Raster hinzu.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/editing.py"/>
        <source>Add feature</source>
        <translation>Objekt hinzufügen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server.py"/>
        <source>Add it in Settings ▸ Options ▸ rsvlm ▸ Servers.</source>
        <translation>Fügen Sie ihn unter Einstellungen ▸ Optionen ▸ rsvlm ▸ Server hinzu.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/limits_box.py"/>
        <source>Address of a mirror of the model hub; empty: the hub itself</source>
        <translation>Adresse eines Spiegels des Modell-Hubs; leer: der Hub selbst</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/place_row.py"/>
        <source>All of one layer or group</source>
        <translation>Ein ganzer Layer oder eine ganze Gruppe</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server.py"/>
        <source>Allow it in Settings ▸ Options ▸ rsvlm ▸ Servers.</source>
        <translation>Erlauben Sie es unter Einstellungen ▸ Optionen ▸ rsvlm ▸ Server.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_dialogs.py"/>
        <source>An identifier has small letters, digits and single - _ . between them.</source>
        <translation>Eine Kennung hat kleine Buchstaben, Ziffern und einzelne - _ . dazwischen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Another Python is in use: clear “Backend Python” and RSVLM_PYTHON to set one up from here</source>
        <translation>Ein anderes Python ist in Gebrauch: Leeren Sie „Python des Backends“ und RSVLM_PYTHON, um von hier aus eines einzurichten</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/dock.py"/>
        <source>Another answer is on its way.</source>
        <translation>Eine andere Antwort ist unterwegs.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_store.py"/>
        <source>Another model is being worked on.</source>
        <translation>Gerade ist ein anderes Modell in Arbeit.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/report.py"/>
        <source>Another window or program started it and shares it with this one.</source>
        <translation>Ein anderes Fenster oder Programm hat es gestartet und teilt es mit diesem.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Another window or program started the backend and may be using it: restart it from there.</source>
        <translation>Ein anderes Fenster oder Programm hat das Backend gestartet und benutzt es vielleicht: Starten Sie es von dort aus neu.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/limits_box.py"/>
        <source>Another window or program started the backend that is running; it heeds these from its next start on.</source>
        <translation>Ein anderes Fenster oder Programm hat das laufende Backend gestartet; es beachtet diese Werte von seinem nächsten Start an.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/card.py"/>
        <location filename="../rsvlm_plugin/layers/found_style.py"/>
        <source>Answer</source>
        <translation>Antwort</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <location filename="../rsvlm_plugin/layers/found_style.py"/>
        <source>Answered</source>
        <translation>Beantwortet</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/finetune.py"/>
        <source>Answers of the model</source>
        <translation>Antworten des Modells</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/training_box.py"/>
        <source>Answers that you correct are kept in the file {file} of this folder. “Fine-tune model” in the Processing toolbox trains a model on them. Empty: a folder beside the project, or rsvlm's own where the project is not saved.</source>
        <translation>Antworten, die Sie berichtigen, bleiben in der Datei {file} dieses Ordners. „Modell nachtrainieren“ in der Verarbeitungswerkzeugkiste trainiert ein Modell damit. Leer: ein Ordner neben dem Projekt oder rsvlms eigener, wo das Projekt nicht gespeichert ist.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/found.py"/>
        <location filename="../rsvlm_plugin/layers/found_style.py"/>
        <source>Area (m²)</source>
        <translation>Fläche (m²)</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/find_by_text.py"/>
        <source>Area in square metres, along the ellipsoid</source>
        <translation>Fläche in Quadratmetern auf dem Ellipsoid</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Around features</source>
        <translation>Um Objekte herum</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/limits_box.py"/>
        <source>As Much as Is Free</source>
        <translation>So viel, wie frei ist</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/mask_records.py"/>
        <source>Ask about a layer whose file lies on this computer, and correct that answer.</source>
        <translation>Zu einem Layer fragen, dessen Datei auf diesem Rechner liegt, und jene Antwort korrigieren.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>Ask again in a moment.</source>
        <translation>Fragen Sie gleich noch einmal.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/found_group.py"/>
        <source>Ask again to have the layer made anew.</source>
        <translation>Noch einmal fragen, damit der Layer neu entsteht.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/mask_records.py"/>
        <source>Ask again, and correct that answer.</source>
        <translation>Noch einmal fragen und jene Antwort korrigieren.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>Ask again, or choose another model in Settings ▸ Options ▸ rsvlm ▸ Servers.</source>
        <translation>Fragen Sie noch einmal, oder wählen Sie unter Einstellungen ▸ Optionen ▸ rsvlm ▸ Server ein anderes Modell.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/reply.py"/>
        <location filename="../rsvlm_plugin/environment/process.py"/>
        <source>Ask again: it is started anew by itself.</source>
        <translation>Fragen Sie noch einmal: Es wird von selbst neu gestartet.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>Ask again; if it stays so, look at the server's log.</source>
        <translation>Fragen Sie noch einmal; bleibt es dabei, sehen Sie im Protokoll des Servers nach.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/reply.py"/>
        <source>Ask again; if it stays so, restart the backend in Settings ▸ Options ▸ rsvlm.</source>
        <translation>Fragen Sie noch einmal; bleibt es dabei, starten Sie das Backend unter Einstellungen ▸ Optionen ▸ rsvlm neu.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Ask the backend whether everything it needs is there</source>
        <translation>Das Backend fragen, ob alles da ist, was es braucht</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/servers_box.py"/>
        <source>Ask the server which models it has</source>
        <translation>Den Server fragen, welche Modelle er hat</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/found_style.py"/>
        <source>Asked</source>
        <translation>Gefragt</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_reply.py"/>
        <location filename="../rsvlm_plugin/settings/servers_box.py"/>
        <source>Asking {server}</source>
        <translation>{server} wird gefragt</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/dock.py"/>
        <location filename="../rsvlm_plugin/dock/status_line.py"/>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>Backend</source>
        <translation>Backend</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Backend Python</source>
        <translation>Python des Backends</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/report.py"/>
        <source>Backend's version: {version}</source>
        <translation>Version des Backends: {version}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/report.py"/>
        <source>Backend: {state}</source>
        <translation>Backend: {state}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>Bands</source>
        <translation>Kanäle</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Best for This Computer</source>
        <translation>Die beste für diesen Rechner</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/find_row.py"/>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <location filename="../rsvlm_plugin/processing/ground_by_text.py"/>
        <source>Boxes</source>
        <translation>Rahmen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/ground_by_text.py"/>
        <source>Boxes around what phrases name.</source>
        <translation>Rahmen um das, was Ausdrücke benennen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/find_row.py"/>
        <source>Boxes turned with the things</source>
        <translation>Rahmen mit den Dingen gedreht</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
        <source>Brief</source>
        <translation>Kurz</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
        <source>Brief: one sentence. Detailed: the extent is looked at tile by tile, and the text says what is where and how much of it there is. Structured: the same as a JSON document of a fixed form.</source>
        <translation>Kurz: ein Satz. Ausführlich: Die Ausdehnung wird Kachel für Kachel betrachtet, und der Text sagt, was wo ist und wie viel davon. Strukturiert: dasselbe als JSON-Dokument von fester Form.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/models_box.py"/>
        <source>Bring in weights of your own: .safetensors, .pt or .pth</source>
        <translation>Eigene Gewichte hereinholen: .safetensors, .pt oder .pth</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Build caption dataset</source>
        <translation>Sammlung mit Beschreibungen bauen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Build of torch</source>
        <translation>Variante von torch</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/find_row.py"/>
        <source>Buildings, lakes</source>
        <translation>Gebäude, Seen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/models_box.py"/>
        <source>Bundled</source>
        <translation>Mitgeliefert</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>CPU</source>
        <translation>CPU</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/export_dialog.py"/>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>CRS</source>
        <translation>KBS</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/correction.py"/>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/blocking.py"/>
        <source>Cancelled: what is being looked at now is finished, and what was found is kept.</source>
        <translation>Abgebrochen: Was gerade angesehen wird, wird beendet, und was gefunden wurde, bleibt.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Check</source>
        <translation>Prüfen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/endpoint.py"/>
        <source>Check the backend's Python in Settings ▸ Options ▸ rsvlm.</source>
        <translation>Prüfen Sie das Python des Backends unter Einstellungen ▸ Optionen ▸ rsvlm.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/training.py"/>
        <source>Check the path.</source>
        <translation>Prüfen Sie den Pfad.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/check.py"/>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Checking the backend</source>
        <translation>Das Backend wird geprüft</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/table.py"/>
        <source>Choose a folder that you may write to and that has room.</source>
        <translation>Wählen Sie einen Ordner, in den Sie schreiben dürfen und in dem Platz ist.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>Choose a model for pictures in Settings ▸ Options ▸ rsvlm ▸ Servers.</source>
        <translation>Wählen Sie unter Einstellungen ▸ Optionen ▸ rsvlm ▸ Server ein Modell für Bilder.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/export.py"/>
        <location filename="../rsvlm_plugin/processing/mask_rasters.py"/>
        <source>Choose a name that ends in {suffixes}.</source>
        <translation>Einen Namen wählen, der auf {suffixes} endet.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/layer_choice.py"/>
        <source>Choose a raster, or a layer of your own.</source>
        <translation>Wählen Sie ein Raster oder einen eigenen Layer.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/geometry.py"/>
        <source>Choose a smaller extent, or another project CRS.</source>
        <translation>Wählen Sie eine kleinere Ausdehnung oder ein anderes Projekt-KBS.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/install.py"/>
        <source>Choose an empty folder, or one that does not exist yet.</source>
        <translation>Wählen Sie einen leeren Ordner oder einen, den es noch nicht gibt.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/snapshot.py"/>
        <source>Choose another coordinate system.</source>
        <translation>Ein anderes Koordinatensystem wählen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/correcting.py"/>
        <source>Choose another folder for corrections in Settings ▸ Options ▸ rsvlm ▸ Training.</source>
        <translation>Wählen Sie unter Einstellungen ▸ Optionen ▸ rsvlm ▸ Training einen anderen Ordner für Berichtigungen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/install.py"/>
        <source>Choose another folder for the environment.</source>
        <translation>Wählen Sie einen anderen Ordner für die Umgebung.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/dataset.py"/>
        <location filename="../rsvlm_plugin/processing/vectors.py"/>
        <source>Choose another folder.</source>
        <translation>Wählen Sie einen anderen Ordner.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/model_choice.py"/>
        <source>Choose another model.</source>
        <translation>Wählen Sie ein anderes Modell.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/destinations.py"/>
        <source>Choose another name for one of them.</source>
        <translation>Geben Sie einem davon einen anderen Namen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/export.py"/>
        <source>Choose another name, or agree to replace it.</source>
        <translation>Wählen Sie einen anderen Namen, oder stimmen Sie dem Ersetzen zu.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/export.py"/>
        <source>Choose another name, or remove that layer from the project first.</source>
        <translation>Einen anderen Namen wählen oder den Layer zuerst aus dem Projekt entfernen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/export.py"/>
        <location filename="../rsvlm_plugin/processing/mask_rasters.py"/>
        <source>Choose another name.</source>
        <translation>Wählen Sie einen anderen Namen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>Choose another one in Settings ▸ Options ▸ rsvlm ▸ Servers.</source>
        <translation>Wählen Sie unter Einstellungen ▸ Optionen ▸ rsvlm ▸ Server ein anderes.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/process.py"/>
        <location filename="../rsvlm_plugin/environment/waiting.py"/>
        <source>Choose another one in Settings ▸ Options ▸ rsvlm, or run this command: {command}</source>
        <translation>Wählen Sie unter Einstellungen ▸ Optionen ▸ rsvlm ein anderes, oder führen Sie diesen Befehl aus: {command}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/process.py"/>
        <location filename="../rsvlm_plugin/environment/waiting.py"/>
        <source>Choose another one in Settings ▸ Options ▸ rsvlm.</source>
        <translation>Wählen Sie unter Einstellungen ▸ Optionen ▸ rsvlm ein anderes.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/fetching.py"/>
        <source>Choose another one.</source>
        <translation>Wählen Sie einen anderen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/adding.py"/>
        <source>Choose one below the layer in the Layers panel, then click again.</source>
        <translation>Wählen Sie einen unter dem Layer im Bedienfeld Layer, und klicken Sie noch einmal.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server.py"/>
        <source>Choose one in Settings ▸ Options ▸ rsvlm ▸ Servers.</source>
        <translation>Wählen Sie unter Einstellungen ▸ Optionen ▸ rsvlm ▸ Server eines.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/training_box.py"/>
        <source>Choose the Folder for Corrections</source>
        <translation>Ordner für Berichtigungen wählen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/limits_box.py"/>
        <source>Choose the Folder for Models</source>
        <translation>Ordner für Modelle wählen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Choose the Folder of the Environment</source>
        <translation>Ordner der Umgebung wählen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_dialogs.py"/>
        <source>Choose the Folder with the Model's Files</source>
        <translation>Ordner mit den Dateien des Modells wählen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Choose the Folder with the Wheels</source>
        <translation>Ordner mit den Wheels wählen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Choose the Python of the Backend</source>
        <translation>Python des Backends wählen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_dialogs.py"/>
        <source>Choose the Weights</source>
        <translation>Gewichte wählen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/training.py"/>
        <source>Choose the folder of a run, or switch off “{switch}”.</source>
        <translation>Wählen Sie den Ordner eines Laufs oder schalten Sie „{switch}“ aus.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/refining.py"/>
        <source>Click again in a moment.</source>
        <translation>Klicken Sie gleich noch einmal.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/refine_row.py"/>
        <source>Click on the map to take a feature away; Edit ▸ Undo brings it back</source>
        <translation>Ein Klick in die Karte nimmt ein Objekt weg; Bearbeiten ▸ Rückgängig holt es zurück</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/refine_row.py"/>
        <source>Click on the map where something is missing to have it outlined; Edit ▸ Undo takes it back</source>
        <translation>Ein Klick in die Karte, wo etwas fehlt, umreißt es; Bearbeiten ▸ Rückgängig nimmt es zurück</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/export.py"/>
        <source>Close it there, or choose another name.</source>
        <translation>Schließen Sie sie dort, oder wählen Sie einen anderen Namen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/install.py"/>
        <source>Close other QGIS windows, or choose another folder for the environment.</source>
        <translation>Schließen Sie andere QGIS-Fenster, oder wählen Sie einen anderen Ordner für die Umgebung.</translation>
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
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Copy Log</source>
        <translation>Protokoll kopieren</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Copy all of it, without personal paths</source>
        <translation>Alles kopieren, ohne persönliche Pfade</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_dialogs.py"/>
        <source>Copy the files from a folder, for a computer without a network</source>
        <translation>Die Dateien aus einem Ordner kopieren, für einen Rechner ohne Netz</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/advice.py"/>
        <source>Copy the log to see why; the next try takes up what is done.</source>
        <translation>Kopieren Sie das Protokoll, um zu sehen, warum; der nächste Versuch baut auf dem auf, was fertig ist.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/card.py"/>
        <source>Copy the words</source>
        <translation>Den Text kopieren</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/recipe.py"/>
        <source>Copying the plugin</source>
        <translation>Die Erweiterung wird kopiert</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/locate.py"/>
        <source>Correct or clear it in Settings ▸ Options ▸ rsvlm, or in the environment QGIS is started from.</source>
        <translation>Berichtigen oder leeren Sie sie unter Einstellungen ▸ Optionen ▸ rsvlm oder in der Umgebung, aus der QGIS gestartet wird.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server.py"/>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>Correct the URL in Settings ▸ Options ▸ rsvlm ▸ Servers.</source>
        <translation>Berichtigen Sie die URL unter Einstellungen ▸ Optionen ▸ rsvlm ▸ Server.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>Correct the URL in Settings ▸ Options ▸ rsvlm ▸ Servers; it usually ends with /v1.</source>
        <translation>Berichtigen Sie die URL unter Einstellungen ▸ Optionen ▸ rsvlm ▸ Server; sie endet meist auf /v1.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/correction.py"/>
        <source>Corrected words</source>
        <translation>Berichtigte Worte</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/card.py"/>
        <source>Correct…</source>
        <translation>Berichtigen…</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/found.py"/>
        <source>Count</source>
        <translation>Anzahl</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/found.py"/>
        <source>Created</source>
        <translation>Erstellt</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Cuts rasters into windows and says in words what each shows, as records (messages JSONL) that “Fine-tune model” and “rsvlm train” learn from. The words come from one of three: features of a map, such as OpenStreetMap's; labels that you give; or an installed model. Rasters are referred to and never copied, so they must stay where they are. Stopped, it goes on where it was when it is run again with the same parameters. All of it is done on this computer.</source>
        <translation>Schneidet Raster in Fenster und sagt in Worten, was jedes zeigt, als Datensätze (messages JSONL), aus denen „Modell nachtrainieren“ und „rsvlm train“ lernen. Die Worte kommen aus einer von drei Quellen: Objekten einer Karte, etwa von OpenStreetMap; Klassen, die Sie angeben; oder einem installierten Modell. Auf Raster wird verwiesen, sie werden nie kopiert; darum müssen sie bleiben, wo sie sind. Angehalten, geht es dort weiter, wo es war, wenn es mit denselben Parametern wieder läuft. Alles geschieht auf diesem Computer.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/dock.py"/>
        <source>Describe Extent</source>
        <translation>Beschreiben</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
        <source>Describe extent</source>
        <translation>Ausdehnung beschreiben</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/correcting.py"/>
        <source>Describe the place again, and correct that answer.</source>
        <translation>Beschreiben Sie den Ort noch einmal und berichtigen Sie jene Antwort.</translation>
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
        <source>Describes a raster, or a part of it, in words. The answer is written by a vision-language model that runs on this computer, and no image leaves it; only where a server is named, that one gets a picture.</source>
        <translation>Beschreibt ein Raster oder einen Teil davon in Worten. Die Antwort schreibt ein Bild-Sprach-Modell, das auf diesem Rechner läuft, und kein Bild verlässt ihn; nur wo ein Server genannt ist, bekommt dieser ein Bild.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/recipe.py"/>
        <source>Describing the demo</source>
        <translation>Die Demo wird beschrieben</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
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
        <location filename="../rsvlm_plugin/processing/finetune.py"/>
        <source>Device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/report.py"/>
        <source>Device: {device}</source>
        <translation>Gerät: {device}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_dialogs.py"/>
        <source>Download</source>
        <translation>Herunterladen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_dialogs.py"/>
        <source>Download Model</source>
        <translation>Modell herunterladen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_store.py"/>
        <source>Downloading {model}</source>
        <translation>{model} wird heruntergeladen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Downloads about {size} GB with {tool}: torch for {build}. {reason}</source>
        <translation>Lädt mit {tool} etwa {size} GB herunter: torch für {build}. {reason}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/models_box.py"/>
        <source>Download…</source>
        <translation>Herunterladen…</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/place_row.py"/>
        <source>Drag a rectangle on the map; Esc gives up.</source>
        <translation>Ziehen Sie auf der Karte ein Rechteck auf; Esc bricht ab.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/dragging.py"/>
        <source>Drag it again in a moment, or end the editing of the layer first.</source>
        <translation>Ziehen Sie sie gleich noch einmal, oder beenden Sie zuerst die Bearbeitung des Layers.</translation>
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
        <location filename="../rsvlm_plugin/dock/adding.py"/>
        <source>Draw it with QGIS's own tools: the layer can be edited.</source>
        <translation>Zeichnen Sie es mit den Werkzeugen von QGIS ein: Der Layer lässt sich bearbeiten.</translation>
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
        <location filename="../rsvlm_plugin/processing/ground_by_text.py"/>
        <source>Draws a box around each thing that phrases name in a raster of any size. The model runs on this computer, and no image leaves it. What is not there is said, not invented.</source>
        <translation>Zeichnet einen Rahmen um jedes Ding, das Ausdrücke in einem Raster beliebiger Größe benennen. Das Modell läuft auf diesem Rechner, und kein Bild verlässt ihn. Was nicht da ist, wird gesagt, nicht erfunden.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>Enter another key in Settings ▸ Options ▸ rsvlm ▸ Servers.</source>
        <translation>Geben Sie unter Einstellungen ▸ Optionen ▸ rsvlm ▸ Server einen anderen Schlüssel ein.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_key.py"/>
        <source>Enter it again in Settings ▸ Options ▸ rsvlm ▸ Servers.</source>
        <translation>Geben Sie ihn unter Einstellungen ▸ Optionen ▸ rsvlm ▸ Server noch einmal ein.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>Enter it in Settings ▸ Options ▸ Network.</source>
        <translation>Geben Sie sie unter Einstellungen ▸ Optionen ▸ Netzwerk ein.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>Enter its new URL in Settings ▸ Options ▸ rsvlm ▸ Servers.</source>
        <translation>Geben Sie seine neue URL unter Einstellungen ▸ Optionen ▸ rsvlm ▸ Server ein.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <location filename="../rsvlm_plugin/processing/raster_algorithm.py"/>
        <source>Extent</source>
        <translation>Ausdehnung</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/dock.py"/>
        <source>Facts for a table, as JSON</source>
        <translation>Angaben für eine Tabelle, als JSON</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Features</source>
        <translation>Objekte</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/finetune.py"/>
        <source>Figure of the best model</source>
        <translation>Kennzahl des besten Modells</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Figures of the dataset</source>
        <translation>Zahlen zur Sammlung</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/export_dialog.py"/>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>File</source>
        <translation>Datei</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/models_box.py"/>
        <source>Files missing</source>
        <translation>Dateien fehlen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/find_row.py"/>
        <source>Find</source>
        <translation>Suchen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/adding.py"/>
        <source>Find it again, then click again.</source>
        <translation>Suchen Sie noch einmal danach, und klicken Sie dann wieder.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/find_row.py"/>
        <source>Find them and draw them as a layer</source>
        <translation>Suchen und als Layer zeichnen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/finding.py"/>
        <source>Find {phrases} in {place}</source>
        <translation>{phrases} in {place} suchen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/finetune.py"/>
        <source>Fine-tune model</source>
        <translation>Modell nachtrainieren</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Folder</source>
        <translation>Ordner</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/training_box.py"/>
        <source>Folder for corrections</source>
        <translation>Ordner für Berichtigungen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/limits_box.py"/>
        <source>Folder for models</source>
        <translation>Ordner für Modelle</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Folder of the dataset</source>
        <translation>Ordner der Sammlung</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/finetune.py"/>
        <source>Folder of the run</source>
        <translation>Ordner des Laufs</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Folder with wheels</source>
        <translation>Ordner mit Wheels</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>For a computer without a network: a folder of wheels, filled as the README says. Empty: the package index.</source>
        <translation>Für einen Rechner ohne Netz: ein Ordner mit Wheels, gefüllt, wie es die README sagt. Leer: der Paketindex.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/servers_box.py"/>
        <source>Forget</source>
        <translation>Vergessen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/export_dialog.py"/>
        <source>Format</source>
        <translation>Format</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/install.py"/>
        <source>Free some space, or choose a folder on another disk.</source>
        <translation>Schaffen Sie Platz, oder wählen Sie einen Ordner auf einer anderen Festplatte.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_dialogs.py"/>
        <source>From Folder…</source>
        <translation>Aus Ordner…</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>GPU</source>
        <translation>GPU</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/export.py"/>
        <source>GeoJSON in another system than WGS 84 is not read by every program.</source>
        <translation>GeoJSON in einem anderen System als WGS 84 liest nicht jedes Programm.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/servers_box.py"/>
        <source>Get Models</source>
        <translation>Modelle holen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Gets records.jsonl, with a record in each line, and stats.html, which shows what is in it and what is wrong with it. A dataset that is there already is kept, and refused.</source>
        <translation>Bekommt records.jsonl mit einem Datensatz je Zeile und stats.html, das zeigt, was darin ist und was daran nicht stimmt. Eine Sammlung, die schon da ist, bleibt erhalten und wird abgelehnt.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/finetune.py"/>
        <source>Gets the recipe, the events, checkpoints, figures and a page with answers of the model.</source>
        <translation>Bekommt das Rezept, die Ereignisse, Zwischenstände, Zahlen und eine Seite mit Antworten des Modells.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/pixels.py"/>
        <source>Give it as west, east, south, north, with the smaller number first.</source>
        <translation>Geben Sie sie als West, Ost, Süd, Nord an, die kleinere Zahl jeweils zuerst.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/mask_records.py"/>
        <source>Give it one in the attribute table, then try again.</source>
        <translation>Geben Sie ihm eine in der Attributtabelle und versuchen Sie es noch einmal.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Give one of these: features, labels, or a model that writes the captions.</source>
        <translation>Geben Sie eines davon an: Objekte, Klassen oder ein Modell, das die Beschreibungen schreibt.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/training.py"/>
        <source>Give records that were made for training.</source>
        <translation>Geben Sie Datensätze an, die zum Trainieren gemacht sind.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/training.py"/>
        <source>Give the records.jsonl of a dataset, or a file of corrections.</source>
        <translation>Geben Sie die records.jsonl einer Sammlung oder eine Datei mit Berichtigungen an.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Go On Setting Up</source>
        <translation>Einrichtung fortsetzen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/finetune.py"/>
        <location filename="../rsvlm_plugin/processing/training.py"/>
        <source>Go on with the run in the folder</source>
        <translation>Den Lauf im Ordner fortsetzen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Graphics Card if There Is One</source>
        <translation>Grafikkarte, wenn vorhanden</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/ground_by_text.py"/>
        <source>Ground by text</source>
        <translation>Mit Text verorten</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/editing.py"/>
        <source>Grow feature</source>
        <translation>Objekt erweitern</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Held out to measure the model once, when it is done.</source>
        <translation>Zurückgehalten, um das Modell einmal zu messen, wenn es fertig ist.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Held out to see during training how good the model is.</source>
        <translation>Zurückgehalten, um während des Trainings zu sehen, wie gut das Modell ist.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/training.py"/>
        <source>Held-out records after step {step}: {figures}</source>
        <translation>Zurückgehaltene Datensätze nach Schritt {step}: {figures}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/models_box.py"/>
        <source>Hold the files against the checksums that the model's card names</source>
        <translation>Die Dateien mit den Prüfsummen vergleichen, die die Karte des Modells nennt</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/dataset.py"/>
        <source>Holding out records by place</source>
        <translation>Datensätze werden nach Orten zurückgehalten</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/limits_box.py"/>
        <source>Hosts of remote rasters</source>
        <translation>Rechner mit fernen Rastern</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>How large the windows are that the rasters are cut into; no less than 32 pixels.</source>
        <translation>Wie groß die Fenster sind, in die die Raster geschnitten werden; nicht weniger als 32 Pixel.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/limits_box.py"/>
        <source>How long a model stays in memory after its last use; the bundled one always does</source>
        <translation>Wie lange ein Modell nach seinem letzten Gebrauch im Speicher bleibt; das mitgelieferte bleibt immer</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/segment_by_text.py"/>
        <source>How much outlines are simplified. Not set: 1.25 pixels of what the model sees; 0: along the pixels.</source>
        <translation>Wie stark Umrisse vereinfacht werden. Nicht gesetzt: 1,25 Pixel dessen, was das Modell sieht; 0: entlang der Pixel.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/card.py"/>
        <source>How this answer came to be</source>
        <translation>Wie diese Antwort zustande kam</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_dialogs.py"/>
        <source>I have read the licence and accept it</source>
        <translation>Ich habe die Lizenz gelesen und nehme sie an</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_dialogs.py"/>
        <source>Identifier</source>
        <translation>Kennung</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/finetune.py"/>
        <source>Identifier of the model</source>
        <translation>Kennung des Modells</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>If you know it, add it in Settings ▸ Options ▸ Authentication; else ask who runs the server.</source>
        <translation>Wenn Sie es kennen, fügen Sie es unter Einstellungen ▸ Optionen ▸ Authentifizierung hinzu; sonst fragen Sie den Betreiber des Servers.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_dialogs.py"/>
        <source>Import</source>
        <translation>Importieren</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_dialogs.py"/>
        <source>Import Model</source>
        <translation>Modell importieren</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/adding.py"/>
        <source>Import a SAM 2 (see the documentation), or draw it with QGIS's own tools.</source>
        <translation>Importieren Sie ein SAM 2 (siehe Dokumentation), oder zeichnen Sie es mit den Werkzeugen von QGIS.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_store.py"/>
        <source>Importing {model}</source>
        <translation>{model} wird importiert</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/models_box.py"/>
        <source>Import…</source>
        <translation>Importieren…</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/raster_algorithm.py"/>
        <source>Input layer</source>
        <translation>Eingabelayer</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/makers.py"/>
        <source>Install uv, or a Python from python.org or by your system's packages, and try again.</source>
        <translation>Installieren Sie uv oder ein Python von python.org oder aus den Paketen Ihres Systems, und versuchen Sie es noch einmal.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/makers.py"/>
        <source>Install uv, or the arm64 build of Python by Homebrew, and try again.</source>
        <translation>Installieren Sie uv oder das für arm64 gebaute Python von Homebrew, und versuchen Sie es noch einmal.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/models_box.py"/>
        <source>Installed</source>
        <translation>Installiert</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/recipe.py"/>
        <source>Installing the backend</source>
        <translation>Das Backend wird installiert</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/recipe.py"/>
        <source>Installing torch for {build}</source>
        <translation>torch für {build} wird installiert</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Installs what is in the folder with wheels, with {tool} and without a network.</source>
        <translation>Installiert, was im Ordner mit Wheels liegt, mit {tool} und ohne Netz.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Instead of features and labels: the identifier of an installed model, “compact” for instance. What it says wrong, a model that is trained on it will say wrong.</source>
        <translation>Statt Objekten und Klassen: die Kennung eines installierten Modells, zum Beispiel „compact“. Was es Falsches sagt, wird ein damit trainiertes Modell auch falsch sagen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Instead of features: what all of these rasters show, such as “airport”; several with a semicolon between them. Captions are sentences with them.</source>
        <translation>Statt Objekten: was alle diese Raster zeigen, etwa „airport“; mehrere mit Strichpunkt dazwischen. Beschreibungen sind Sätze damit.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>It said: {words}</source>
        <translation>Er sagte: {words}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/servers_box.py"/>
        <source>It was shown a green picture: this model does not seem to see.</source>
        <translation>Gezeigt wurde ein grünes Bild: Dieses Modell scheint nicht zu sehen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/editing.py"/>
        <source>Its file may be read-only or open elsewhere: save it under another name first.</source>
        <translation>Seine Datei ist vielleicht schreibgeschützt oder anderswo geöffnet: zuerst unter anderem Namen speichern.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/process.py"/>
        <location filename="../rsvlm_plugin/environment/waiting.py"/>
        <source>Its last words were: {words}</source>
        <translation>Seine letzten Worte waren: {words}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/correction.py"/>
        <source>Keep as Training Record</source>
        <translation>Als Trainingsdatensatz behalten</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/refine_row.py"/>
        <source>Keep for Training</source>
        <translation>Für das Training behalten</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/limits_box.py"/>
        <source>Keep models loaded</source>
        <translation>Modelle geladen lassen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/correction.py"/>
        <source>Keep the corrected words (Ctrl+Enter) in {path}</source>
        <translation>Die berichtigten Worte behalten (Strg+Eingabe), in {path}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/refine_row.py"/>
        <source>Keep the layer as it is now, with your corrections, as training records</source>
        <translation>Den Layer, wie er jetzt ist, mit Ihren Korrekturen als Trainingsdatensätze behalten</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/keep_task.py"/>
        <source>Keep “{layer}” for training</source>
        <translation>„{layer}“ für das Training behalten</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/keep_task.py"/>
        <source>Keeping “{layer}” for training was stopped: no record was written or changed.</source>
        <translation>Das Behalten von „{layer}“ für das Training wurde angehalten: Kein Datensatz wurde geschrieben oder verändert.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/servers_box.py"/>
        <source>Kept in QGIS's authentication manager, never in a project or in the settings</source>
        <translation>Liegt im Authentifizierungsmanager von QGIS, nie in einem Projekt oder in den Einstellungen</translation>
    </message>
    <message numerus="yes">
        <location filename="../rsvlm_plugin/dock/answers.py"/>
        <location filename="../rsvlm_plugin/dock/keep_task.py"/>
        <source>Kept in {path}, with %n training records now.</source>
        <translation>
            <numerusform>In {path} behalten, jetzt mit %n Trainingsdatensatz.</numerusform>
            <numerusform>In {path} behalten, jetzt mit %n Trainingsdatensätzen.</numerusform>
        </translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/servers_box.py"/>
        <source>Kept; type another one to replace it</source>
        <translation>Vorhanden; zum Ersetzen einen anderen eingeben</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/servers_box.py"/>
        <source>Key</source>
        <translation>Schlüssel</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/found.py"/>
        <source>Kind</source>
        <translation>Art</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/found.py"/>
        <source>Label</source>
        <translation>Bezeichnung</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Labels</source>
        <translation>Klassen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/report.py"/>
        <source>Last lines of the model process</source>
        <translation>Letzte Zeilen des Modellprozesses</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/report.py"/>
        <source>Last lines of the service</source>
        <translation>Letzte Zeilen des Dienstes</translation>
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
        <location filename="../rsvlm_plugin/layers/export.py"/>
        <source>Layers cannot be saved as “{suffix}”.</source>
        <translation>Layer können nicht als „{suffix}“ gespeichert werden.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/correction.py"/>
        <source>Leave the words as they were (Esc)</source>
        <translation>Die Worte lassen, wie sie waren (Esc)</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/found_style.py"/>
        <location filename="../rsvlm_plugin/settings/model_dialogs.py"/>
        <location filename="../rsvlm_plugin/settings/models_box.py"/>
        <source>Licence</source>
        <translation>Lizenz</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>Limits</source>
        <translation>Grenzen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/report.py"/>
        <source>Loaded: {model}, {memory}</source>
        <translation>Geladen: {model}, {memory}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/state.py"/>
        <location filename="../rsvlm_plugin/processing/training.py"/>
        <source>Loading the model</source>
        <translation>Das Modell wird geladen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Log</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/report.py"/>
        <source>Log: {path}</source>
        <translation>Protokoll: {path}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>Look at Settings ▸ Options ▸ Network.</source>
        <translation>Sehen Sie unter Einstellungen ▸ Optionen ▸ Netzwerk nach.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>Look at the server's log, or choose a smaller model.</source>
        <translation>Sehen Sie im Protokoll des Servers nach, oder wählen Sie ein kleineres Modell.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>Looked for</source>
        <translation>Gesucht</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/asking.py"/>
        <source>Looking at the map</source>
        <translation>Die Karte wird betrachtet</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/recipe.py"/>
        <source>Looking at what is there</source>
        <translation>Es wird nachgesehen, was da ist</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/install.py"/>
        <source>Looking for a Python</source>
        <translation>Ein Python wird gesucht</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Looking for a graphics card</source>
        <translation>Suche nach einer Grafikkarte</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_store.py"/>
        <source>Looking for models</source>
        <translation>Modelle werden gesucht</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/dataset.py"/>
        <source>Looking through the dataset</source>
        <translation>Die Sammlung wird durchgesehen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/thumbnail.py"/>
        <source>Looking…</source>
        <translation>Wird betrachtet…</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/found_style.py"/>
        <source>Made by a model: look at it before you rely on it.</source>
        <translation>Von einem Modell erstellt: erst ansehen, dann darauf bauen.</translation>
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
        <location filename="../rsvlm_plugin/processing/destinations.py"/>
        <source>Make that folder, or choose another one.</source>
        <translation>Legen Sie diesen Ordner an, oder wählen Sie einen anderen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/recipe.py"/>
        <source>Making the environment</source>
        <translation>Die Umgebung wird angelegt</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/recipe.py"/>
        <source>Making the model fast on this computer</source>
        <translation>Das Modell wird auf diesem Rechner beschleunigt</translation>
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
        <location filename="../rsvlm_plugin/processing/segment_by_text.py"/>
        <source>Mask raster</source>
        <translation>Maskenraster</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/find_row.py"/>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <location filename="../rsvlm_plugin/processing/segment_by_text.py"/>
        <source>Masks</source>
        <translation>Masken</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/find_row.py"/>
        <source>Masks or boxes</source>
        <translation>Masken oder Rahmen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/measuring.py"/>
        <source>Measure features</source>
        <translation>Objekte messen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/models_box.py"/>
        <source>Memory</source>
        <translation>Speicher</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/limits_box.py"/>
        <source>Memory for models</source>
        <translation>Speicher für Modelle</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/report.py"/>
        <source>Memory for models: {used} used, {free} free</source>
        <translation>Speicher für Modelle: {used} belegt, {free} frei</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_dialogs.py"/>
        <source>Memory while it is used</source>
        <translation>Speicher im Gebrauch</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Metres on the ground</source>
        <translation>Meter am Boden</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/limits_box.py"/>
        <source>Mirror of the model hub</source>
        <translation>Spiegel des Modell-Hubs</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <location filename="../rsvlm_plugin/layers/found.py"/>
        <location filename="../rsvlm_plugin/layers/found_style.py"/>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
        <location filename="../rsvlm_plugin/processing/find_by_text.py"/>
        <location filename="../rsvlm_plugin/settings/model_dialogs.py"/>
        <location filename="../rsvlm_plugin/settings/models_box.py"/>
        <location filename="../rsvlm_plugin/settings/servers_box.py"/>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/model_choice.py"/>
        <source>Model that answers</source>
        <translation>Modell, das antwortet</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Model that writes the captions</source>
        <translation>Modell, das die Beschreibungen schreibt</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/finetune.py"/>
        <source>Model to begin with</source>
        <translation>Modell, mit dem begonnen wird</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/models_box.py"/>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>Models</source>
        <translation>Modelle</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/correction.py"/>
        <source>Models can be trained on what you correct. The image is referred to, not copied.</source>
        <translation>Mit dem, was Sie berichtigen, lassen sich Modelle trainieren. Auf das Bild wird verwiesen, es wird nicht kopiert.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/servers_box.py"/>
        <source>Models of the server: {n}</source>
        <translation>Modelle des Servers: {n}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Models run on</source>
        <translation>Modelle laufen auf</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/picture.py"/>
        <source>Move the map to where a layer has data, switch another layer on, or look at another time.</source>
        <translation>Verschieben Sie die Karte dahin, wo ein Layer Daten hat, schalten Sie einen anderen Layer ein, oder betrachten Sie eine andere Zeit.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>NVIDIA Graphics (CUDA)</source>
        <translation>NVIDIA-Grafik (CUDA)</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/torch_build.py"/>
        <source>NVIDIA graphics (CUDA {version})</source>
        <translation>NVIDIA-Grafik (CUDA {version})</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/torch_build.py"/>
        <source>NVIDIA's driver names no card that can be used: update it to use the card.</source>
        <translation>Der Treiber von NVIDIA nennt keine Karte, die sich benutzen lässt: Aktualisieren Sie ihn, um die Karte zu benutzen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/servers_box.py"/>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/export_dialog.py"/>
        <source>Name a file first.</source>
        <translation>Zuerst eine Datei angeben.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/finetune.py"/>
        <source>Name of the figure</source>
        <translation>Name der Kennzahl</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/finetune.py"/>
        <source>Name of the new model</source>
        <translation>Name des neuen Modells</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/find_by_text.py"/>
        <source>Name something, such as “storage tanks”.</source>
        <translation>Etwas nennen, etwa „Lagertanks“.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/limits_box.py"/>
        <source>Names of computers that rasters may be read from over the network; empty: none</source>
        <translation>Namen von Rechnern, von denen Raster über das Netz gelesen werden dürfen; leer: keine</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Needs {needed} GB of disk while it is set up; {free} GB are free.</source>
        <translation>Braucht während der Einrichtung {needed} GB auf der Festplatte; {free} GB sind frei.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/torch_build.py"/>
        <source>No NVIDIA graphics card was found.</source>
        <translation>Es wurde keine NVIDIA-Grafikkarte gefunden.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/makers.py"/>
        <source>No Python {version} or newer that can make environments was found on this computer.</source>
        <translation>Auf diesem Rechner wurde kein Python {version} oder neuer gefunden, das Umgebungen anlegen kann.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/answers.py"/>
        <source>No file can be beside the project, so the layer is in a temporary one: {path}. Save as… keeps it.</source>
        <translation>Neben dem Projekt kann keine Datei liegen, daher ist der Layer in einer temporären: {path}. Mit „Speichern als…“ bleibt er erhalten.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server.py"/>
        <source>No model is chosen for the server “{server}”.</source>
        <translation>Für den Server „{server}“ ist kein Modell gewählt.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/finetune.py"/>
        <source>No more than so many steps of each stage. Not set: as many as the recipe says.</source>
        <translation>Nicht mehr als so viele Schritte jeder Stufe. Leer: so viele, wie im Rezept stehen.</translation>
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
        <location filename="../rsvlm_plugin/dock/adding.py"/>
        <source>None of the models here outlines what a click means.</source>
        <translation>Keines der Modelle hier umreißt, was ein Klick meint.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/servers_box.py"/>
        <source>None, or paste it here</source>
        <translation>Keiner, oder hier einfügen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/models_box.py"/>
        <source>Not installed</source>
        <translation>Nicht installiert</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/model_choice.py"/>
        <source>Not installed: download it in Settings ▸ Options ▸ rsvlm.</source>
        <translation>Nicht installiert: Laden Sie es unter Einstellungen ▸ Optionen ▸ rsvlm herunter.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/segment_by_text.py"/>
        <source>Not set: none. A GeoTIFF on the pixels of the raster, a number for each class, 0 for none; names and colours are in the file. Not of a service (XYZ, WMS), which has no pixels of its own.</source>
        <translation>Ohne Angabe: keines. Ein GeoTIFF auf den Pixeln des Rasters, eine Zahl für jede Klasse, 0 für keine; Namen und Farben stehen in der Datei. Nicht von einem Dienst (XYZ, WMS), der keine eigenen Pixel hat.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/segment_by_text.py"/>
        <source>Not set: none. A GeoTIFF with the probability of each phrase, 0 to 1, in a band of its own; of each phrase that names one thing in a further file with a number in its name. Of what was looked at to the end.</source>
        <translation>Ohne Angabe: keine. Ein GeoTIFF mit der Wahrscheinlichkeit jedes Ausdrucks, 0 bis 1, in je einem Kanal; von jedem Ausdruck, der ein einzelnes Ding benennt, in einer weiteren Datei mit einer Nummer im Namen. Von dem, was zu Ende angesehen wurde.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/limits_box.py"/>
        <source>Nothing</source>
        <translation>Nichts</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>Nothing answers at {url}.</source>
        <translation>Unter {url} antwortet nichts.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Nothing says what the rasters show.</source>
        <translation>Nichts sagt, was die Raster zeigen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/find_by_text.py"/>
        <source>Number of features</source>
        <translation>Anzahl der Objekte</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Number of records</source>
        <translation>Zahl der Datensätze</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Of all that is drawn: the same seed makes the same dataset.</source>
        <translation>Für alles, was gelost wird: Derselbe Startwert ergibt dieselbe Sammlung.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/torch_build.py"/>
        <source>On a Mac, models run on the processor.</source>
        <translation>Auf einem Mac rechnen die Modelle auf dem Prozessor.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/finetune.py"/>
        <source>One or more .jsonl files. Records of the split train are learnt; those of the split val are held out and decide which model is the best. Not set: the data that the recipe names.</source>
        <translation>Eine oder mehrere .jsonl-Dateien. Datensätze des Teils train werden gelernt; die des Teils val werden zurückgehalten und entscheiden, welches Modell das beste ist. Leer: die Daten, die das Rezept nennt.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/dock.py"/>
        <source>One sentence</source>
        <translation>Ein Satz</translation>
    </message>
    <message numerus="yes">
        <location filename="../rsvlm_plugin/dock/export_dialog.py"/>
        <source>Only the %n selected features</source>
        <translation>
            <numerusform>Nur das %n gewählte Objekt</numerusform>
            <numerusform>Nur die %n gewählten Objekte</numerusform>
        </translation>
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
        <location filename="../rsvlm_plugin/settings/servers_box.py"/>
        <source>Other</source>
        <translation>Anderer</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/find_row.py"/>
        <source>Outlines along the edges of things</source>
        <translation>Umrisse entlang der Ränder der Dinge</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/pixel_files.py"/>
        <source>Outlines and boxes in pixels of the raster, one image.</source>
        <translation>Umrisse und Rahmen in Pixeln des Rasters, ein Bild.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/segment_by_text.py"/>
        <source>Outlines of what phrases name, measured on the ground.</source>
        <translation>Umrisse dessen, was Ausdrücke benennen, am Boden gemessen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/segment_by_text.py"/>
        <source>Outlines what phrases name in a raster of any size, as polygons with their areas along the ellipsoid. The model runs on this computer, and no image leaves it. What is not there is said, not invented.</source>
        <translation>Umreißt, was Ausdrücke in einem Raster beliebiger Größe benennen, als Polygone mit ihren Flächen auf dem Ellipsoid. Das Modell läuft auf diesem Rechner, und kein Bild verlässt ihn. Was nicht da ist, wird gesagt, nicht erfunden.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/found_style.py"/>
        <source>Partial</source>
        <translation>Unvollständig</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/found.py"/>
        <source>Perimeter (m)</source>
        <translation>Umfang (m)</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/found.py"/>
        <source>Phrase</source>
        <translation>Ausdruck</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/find_by_text.py"/>
        <source>Phrases</source>
        <translation>Ausdrücke</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/find_by_text.py"/>
        <source>Phrases of which nothing was found</source>
        <translation>Ausdrücke, zu denen nichts gefunden wurde</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/servers_box.py"/>
        <source>Pictures of places may be sent to {host}</source>
        <translation>Bilder von Orten dürfen an {host} gesendet werden</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Pixels</source>
        <translation>Pixel</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/found_style.py"/>
        <source>Place</source>
        <translation>Ort</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/servers_box.py"/>
        <source>Places can be described by a model on a server instead of by the backend: it gets a picture, and answers.</source>
        <translation>Orte kann statt des Backends ein Modell auf einem Server beschreiben: Es bekommt ein Bild und antwortet.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_store.py"/>
        <source>Press Check in Settings ▸ Options ▸ rsvlm ▸ Backend.</source>
        <translation>Drücken Sie unter Einstellungen ▸ Optionen ▸ rsvlm ▸ Backend auf Prüfen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/locate.py"/>
        <source>Press Set Up Backend in Settings ▸ Options ▸ rsvlm, or run this command: {command}</source>
        <translation>Drücken Sie unter Einstellungen ▸ Optionen ▸ rsvlm auf „Backend einrichten“, oder führen Sie diesen Befehl aus: {command}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/messages.py"/>
        <location filename="../rsvlm_plugin/environment/endpoint.py"/>
        <source>Press Update Backend in Settings ▸ Options ▸ rsvlm.</source>
        <translation>Drücken Sie unter Einstellungen ▸ Optionen ▸ rsvlm auf „Backend aktualisieren“.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/segment_by_text.py"/>
        <source>Probabilities</source>
        <translation>Wahrscheinlichkeiten</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/segment_by_text.py"/>
        <source>Probabilities: {path}</source>
        <translation>Wahrscheinlichkeiten: {path}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Processor (CPU)</source>
        <translation>Prozessor (CPU)</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Processor Only</source>
        <translation>Nur Prozessor</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/card.py"/>
        <source>Progress</source>
        <translation>Fortschritt</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Progress of the setup</source>
        <translation>Fortschritt der Einrichtung</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>Prompt</source>
        <translation>Eingabetext</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/found_group.py"/>
        <source>Put it back, or ask again.</source>
        <translation>Sie zurücklegen oder noch einmal fragen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/card.py"/>
        <source>Put the words right and keep them as a training record…</source>
        <translation>Die Worte berichtigen und als Trainingsdatensatz behalten…</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/install.py"/>
        <source>Python: {python}; installed with {tool}</source>
        <translation>Python: {python}; installiert mit {tool}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_key.py"/>
        <source>QGIS's authentication manager, which keeps the keys of servers, is switched off on this computer.</source>
        <translation>Der Authentifizierungsmanager von QGIS, der die Schlüssel von Servern aufbewahrt, ist auf diesem Rechner abgeschaltet.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>Raise the server's limit on the size of requests.</source>
        <translation>Heben Sie die Grenze des Servers für die Größe von Anfragen an.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/dataset.py"/>
        <source>Raster {number} of {count}: {name}</source>
        <translation>Raster {number} von {count}: {name}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Rasters</source>
        <translation>Raster</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Rasters on disk, of any size and resolution. They are seen in the bands that their metadata name.</source>
        <translation>Raster auf der Platte, beliebig groß und fein. Sie werden in den Kanälen gesehen, die ihre Metadaten nennen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Rasters with captions, as records to train a model on.</source>
        <translation>Raster mit Beschreibungen, als Datensätze, mit denen ein Modell trainiert wird.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>Read from</source>
        <translation>Gelesen aus</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/finetune.py"/>
        <source>Recipe</source>
        <translation>Rezept</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/finetune.py"/>
        <source>Recipe of your own</source>
        <translation>Eigenes Rezept</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <location filename="../rsvlm_plugin/processing/finetune.py"/>
        <source>Records</source>
        <translation>Datensätze</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/refine_row.py"/>
        <source>Reject</source>
        <translation>Verwerfen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/editing.py"/>
        <source>Reject feature</source>
        <translation>Objekt verwerfen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/limits_box.py"/>
        <source>Remembered pictures</source>
        <translation>Gemerkte Bilder</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/card.py"/>
        <location filename="../rsvlm_plugin/settings/servers_box.py"/>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/models_box.py"/>
        <source>Remove Model</source>
        <translation>Modell entfernen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/table.py"/>
        <source>Remove it from the project, or choose another name.</source>
        <translation>Entfernen Sie sie aus dem Projekt oder wählen Sie einen anderen Namen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/replacing.py"/>
        <source>Remove its filter first (Layer ▸ Filter…).</source>
        <translation>Entfernen Sie zuerst den Filter (Layer ▸ Filtern…).</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/card.py"/>
        <source>Remove this answer</source>
        <translation>Diese Antwort entfernen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/models_box.py"/>
        <source>Remove {model} from this computer? Its files are deleted.</source>
        <translation>{model} von diesem Rechner entfernen? Seine Dateien werden gelöscht.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/models_box.py"/>
        <source>Remove…</source>
        <translation>Entfernen…</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_store.py"/>
        <source>Removing {model}</source>
        <translation>{model} wird entfernt</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/report.py"/>
        <source>Requests: {running} running, {waiting} waiting</source>
        <translation>Anfragen: {running} in Arbeit, {waiting} wartend</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>Resolution</source>
        <translation>Auflösung</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Restart Backend</source>
        <translation>Backend neu starten</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <location filename="../rsvlm_plugin/layers/found.py"/>
        <location filename="../rsvlm_plugin/layers/found_style.py"/>
        <source>Revision</source>
        <translation>Revision</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/segment_by_text.py"/>
        <source>Right angles</source>
        <translation>Rechte Winkel</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/find_row.py"/>
        <source>Right angles, as buildings have</source>
        <translation>Rechte Winkel wie bei Gebäuden</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
        <source>Satellite and aerial images in words, with the place they are about.</source>
        <translation>Satelliten- und Luftbilder in Worten, mit dem Ort, von dem sie handeln.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/export_dialog.py"/>
        <source>Save Layer</source>
        <translation>Layer speichern</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/result_actions.py"/>
        <source>Save Result as…</source>
        <translation>Ergebnis speichern als…</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/export.py"/>
        <source>Save again.</source>
        <translation>Speichern Sie noch einmal.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/pixel_files.py"/>
        <source>Save as GeoPackage.</source>
        <translation>Speichern Sie als GeoPackage.</translation>
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
        <location filename="../rsvlm_plugin/layers/shapefile.py"/>
        <source>Save it as a GeoPackage, or split it first: Processing ▸ Extract by geometry type.</source>
        <translation>Als GeoPackage speichern oder zuerst aufteilen: Verarbeitung ▸ Nach Geometrietyp extrahieren.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Save it as a GeoTIFF first: Export ▸ Save As in its menu.</source>
        <translation>Speichern Sie es zuerst als GeoTIFF: Export ▸ Speichern als in seinem Menü.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/export_dialog.py"/>
        <location filename="../rsvlm_plugin/dock/export_task.py"/>
        <source>Save “{layer}”</source>
        <translation>„{layer}“ speichern</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/answers.py"/>
        <location filename="../rsvlm_plugin/dock/export_task.py"/>
        <source>Saved as {path}.</source>
        <translation>Gespeichert als {path}.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/export_task.py"/>
        <source>Saving “{layer}” was stopped: no file was written or changed.</source>
        <translation>Das Speichern von „{layer}“ wurde angehalten: Keine Datei wurde geschrieben oder verändert.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/dock.py"/>
        <source>Say in words what is there</source>
        <translation>In Worten sagen, was dort ist</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/found.py"/>
        <source>Score</source>
        <translation>Güte</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>See Settings ▸ Options ▸ rsvlm ▸ Servers.</source>
        <translation>Siehe Einstellungen ▸ Optionen ▸ rsvlm ▸ Server.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Seed</source>
        <translation>Startwert</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/segment_by_text.py"/>
        <source>Segment by text</source>
        <translation>Mit Text segmentieren</translation>
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
        <location filename="../rsvlm_plugin/settings/servers_box.py"/>
        <source>Send a plain green picture and ask for its colour</source>
        <translation>Ein rein grünes Bild senden und nach seiner Farbe fragen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
        <location filename="../rsvlm_plugin/settings/servers_box.py"/>
        <source>Server</source>
        <translation>Server</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <location filename="../rsvlm_plugin/settings/servers_box.py"/>
        <source>Servers</source>
        <translation>Server</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/locate.py"/>
        <source>Set RSVLM_HOME to a folder that you may write to.</source>
        <translation>Setzen Sie RSVLM_HOME auf einen Ordner, in den Sie schreiben dürfen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Set Up Backend</source>
        <translation>Backend einrichten</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/thumbnail.py"/>
        <source>Set Up Backend…</source>
        <translation>Backend einrichten…</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/pixels.py"/>
        <source>Set the parameter Extent.</source>
        <translation>Setzen Sie den Parameter Ausdehnung.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/options.py"/>
        <source>Set up the rsvlm backend</source>
        <translation>Das rsvlm-Backend einrichten</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Setting up the backend</source>
        <translation>Das Backend wird eingerichtet</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Setup</source>
        <translation>Einrichtung</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/adding.py"/>
        <source>Several phrases were looked for, and no feature is left to tell which one is meant.</source>
        <translation>Es wurde nach mehreren Ausdrücken gesucht, und kein Objekt ist mehr da, das sagt, welcher gemeint ist.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Several things say it.</source>
        <translation>Mehreres sagt es.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/find_row.py"/>
        <source>Several with commas; with semicolons where a phrase has a comma in it.</source>
        <translation>Mehrere mit Kommas; mit Semikolons, wo ein Ausdruck selbst ein Komma enthält.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Share for tests</source>
        <translation>Anteil für Tests</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Share for validation</source>
        <translation>Anteil zur Validierung</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Side by side</source>
        <translation>Nebeneinander</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Side by side: as many whole windows as fit, and those with nothing to tell are left out. Around features: each window has a feature in its middle, which the caption begins with.</source>
        <translation>Nebeneinander: so viele ganze Fenster, wie hineinpassen; die, über die es nichts zu sagen gibt, werden ausgelassen. Um Objekte herum: Jedes Fenster hat ein Objekt in seiner Mitte, mit dem die Beschreibung beginnt.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Side of a block in metres</source>
        <translation>Seite eines Stücks Boden in Metern</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Side of a window</source>
        <translation>Seite eines Fensters</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/segment_by_text.py"/>
        <source>Simplification (m)</source>
        <translation>Vereinfachung (m)</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_dialogs.py"/>
        <location filename="../rsvlm_plugin/settings/models_box.py"/>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/segment_by_text.py"/>
        <source>Smallest area (m²)</source>
        <translation>Kleinste Fläche (m²)</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <location filename="../rsvlm_plugin/layers/found.py"/>
        <source>Source</source>
        <translation>Quelle</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/segment_by_text.py"/>
        <source>Square the outlines where that fits, as buildings are.</source>
        <translation>Umrisse rechtwinklig machen, wo das passt, wie Gebäude sind.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_key.py"/>
        <source>Start QGIS with its authentication database, or use a server that needs no key.</source>
        <translation>Starten Sie QGIS mit seiner Authentifizierungsdatenbank, oder nehmen Sie einen Server, der keinen Schlüssel braucht.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>Start the server, or correct its URL in Settings ▸ Options ▸ rsvlm ▸ Servers.</source>
        <translation>Starten Sie den Server, oder berichtigen Sie seine URL unter Einstellungen ▸ Optionen ▸ rsvlm ▸ Server.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/reply.py"/>
        <location filename="../rsvlm_plugin/client/watch.py"/>
        <source>Starting the backend</source>
        <translation>Das Backend wird gestartet</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/models_box.py"/>
        <source>State</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/training.py"/>
        <source>Step {step} of {steps}</source>
        <translation>Schritt {step} von {steps}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/training.py"/>
        <source>Step {step} of {steps}, loss: {losses}, about {minutes} min left</source>
        <translation>Schritt {step} von {steps}, Verlust: {losses}, noch etwa {minutes} min</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/finetune.py"/>
        <source>Steps</source>
        <translation>Schritte</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/finetune.py"/>
        <source>Steps that are done</source>
        <translation>Erledigte Schritte</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/card.py"/>
        <location filename="../rsvlm_plugin/dock/dock.py"/>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <location filename="../rsvlm_plugin/settings/models_box.py"/>
        <location filename="../rsvlm_plugin/settings/servers_box.py"/>
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
        <location filename="../rsvlm_plugin/processing/training.py"/>
        <source>Stopped after step {step}. What was learnt is kept in {folder}; switch on “{switch}” to go on from there.</source>
        <translation>Nach Schritt {step} angehalten. Was gelernt wurde, bleibt in {folder}; schalten Sie „{switch}“ ein, um von dort weiterzumachen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/training.py"/>
        <source>Stopped before another step.</source>
        <translation>Angehalten vor einem weiteren Schritt.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/training.py"/>
        <source>Stopped before the first step; there is nothing to keep.</source>
        <translation>Vor dem ersten Schritt angehalten; es gibt nichts zu behalten.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/asking.py"/>
        <location filename="../rsvlm_plugin/settings/servers_box.py"/>
        <source>Stopped.</source>
        <translation>Angehalten.</translation>
    </message>
    <message numerus="yes">
        <location filename="../rsvlm_plugin/processing/dataset.py"/>
        <source>Stopped. %n records are kept; the same parameters and folder go on from there.</source>
        <translation>
            <numerusform>Angehalten. %n Datensatz bleibt erhalten; mit denselben Parametern und demselben Ordner geht es dort weiter.</numerusform>
            <numerusform>Angehalten. %n Datensätze bleiben erhalten; mit denselben Parametern und demselben Ordner geht es dort weiter.</numerusform>
        </translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/models_box.py"/>
        <source>Stopped. What has been downloaded is kept: Download goes on from there.</source>
        <translation>Angehalten. Was heruntergeladen wurde, bleibt erhalten: „Herunterladen“ setzt dort fort.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/asking.py"/>
        <source>Stopping</source>
        <translation>Wird angehalten</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/waiting.py"/>
        <source>Stopping; what is finished is kept.</source>
        <translation>Wird angehalten; was fertig ist, bleibt erhalten.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Stopping…</source>
        <translation>Wird angehalten…</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>Stretch</source>
        <translation>Streckung</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
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
        <location filename="../rsvlm_plugin/processing/training.py"/>
        <source>Switch on “{switch}” to go on from the last checkpoint.</source>
        <translation>Schalten Sie „{switch}“ ein, um beim letzten Zwischenstand weiterzumachen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/servers_box.py"/>
        <source>Take the key out of QGIS's authentication manager</source>
        <translation>Den Schlüssel aus dem Authentifizierungsmanager von QGIS entfernen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_dialogs.py"/>
        <source>Terms</source>
        <translation>Bedingungen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/servers_box.py"/>
        <source>Test</source>
        <translation>Testen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
        <location filename="../rsvlm_plugin/processing/find_by_text.py"/>
        <source>Text</source>
        <translation>Text</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/makers.py"/>
        <source>The Python of this Mac runs as one for Intel processors, for which torch is no longer made.</source>
        <translation>Das Python dieses Macs läuft als eines für Intel-Prozessoren, für die torch nicht mehr hergestellt wird.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>The Python that has the rsvlm backend. Empty: the environment that is set up below.</source>
        <translation>Das Python, in dem das rsvlm-Backend ist. Leer: die Umgebung, die unten eingerichtet wird.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/process.py"/>
        <location filename="../rsvlm_plugin/environment/waiting.py"/>
        <source>The Python {path} does not have the rsvlm backend.</source>
        <translation>Im Python {path} ist kein rsvlm-Backend.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_describe.py"/>
        <source>The answer ended early, at a limit of length perhaps.</source>
        <translation>Die Antwort endete vorzeitig, vielleicht an einer Längengrenze.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/saved.py"/>
        <source>The answers in this project were written by another version and cannot be shown.</source>
        <translation>Die Antworten in diesem Projekt stammen von einer anderen Version und können nicht gezeigt werden.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/export.py"/>
        <source>The attributes alone; places are left out.</source>
        <translation>Nur die Attribute; Orte entfallen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/makers.py"/>
        <source>The backend does not run on a Mac with an Intel processor: torch is no longer made for it.</source>
        <translation>Das Backend läuft nicht auf einem Mac mit Intel-Prozessor: torch wird für ihn nicht mehr hergestellt.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>The backend is in order.</source>
        <translation>Das Backend ist in Ordnung.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>The backend is not in order; what it said stands below.</source>
        <translation>Das Backend ist nicht in Ordnung; was es gesagt hat, steht unten.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <location filename="../rsvlm_plugin/settings/options.py"/>
        <source>The backend is ready. Of the demo it says: {sentence}</source>
        <translation>Das Backend ist bereit. Über die Demo sagt es: {sentence}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>The backend is set up in this folder, with torch for {build}.</source>
        <translation>Das Backend ist in diesem Ordner eingerichtet, mit torch für {build}.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/state.py"/>
        <source>The backend is version {backend}, the plugin {plugin}: press Update Backend in the options.</source>
        <translation>Das Backend hat die Version {backend}, die Erweiterung {plugin}: Drücken Sie in den Optionen auf „Backend aktualisieren“.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>The backend runs with {path}.</source>
        <translation>Das Backend läuft mit {path}.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>The backend was ended; the next request starts it again.</source>
        <translation>Das Backend wurde beendet; die nächste Anfrage startet es wieder.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/process.py"/>
        <location filename="../rsvlm_plugin/environment/waiting.py"/>
        <source>The backend's Python, {path}, cannot be started.</source>
        <translation>Das Python des Backends, {path}, lässt sich nicht starten.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_store.py"/>
        <source>The backend's command for models ended without a word of its own.</source>
        <translation>Der Befehl des Backends für Modelle endete ohne ein eigenes Wort.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/waiting.py"/>
        <source>The backend's process ended before it was done.</source>
        <translation>Der Prozess des Backends endete, bevor er fertig war.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/training.py"/>
        <source>The best model so far: {metric} {value}</source>
        <translation>Das beste Modell bisher: {metric} {value}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>The blocks of ground that are held out as a whole. 0: two windows.</source>
        <translation>Die Stücke Boden, die als Ganzes zurückgehalten werden. 0: zwei Fenster.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>The certificate of {host} cannot be trusted, so nothing was sent: {reason}.</source>
        <translation>Dem Zertifikat von {host} ist nicht zu trauen, daher wurde nichts gesendet: {reason}.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>The check was stopped.</source>
        <translation>Die Prüfung wurde angehalten.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/servers_box.py"/>
        <source>The connection is not encrypted: others on the way can read pictures and key.</source>
        <translation>Die Verbindung ist nicht verschlüsselt: Andere auf dem Weg können Bilder und Schlüssel lesen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/correcting.py"/>
        <source>The correction could not be written to {path}: {why}.</source>
        <translation>Die Berichtigung konnte nicht in {path} geschrieben werden: {why}.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/advice.py"/>
        <source>The disk is full: free some space and try again.</source>
        <translation>Die Festplatte ist voll: Schaffen Sie Platz und versuchen Sie es noch einmal.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/install.py"/>
        <source>The environment in {folder} is complete.</source>
        <translation>Die Umgebung in {folder} ist vollständig.</translation>
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
        <location filename="../rsvlm_plugin/processing/vectors.py"/>
        <source>The features of “{name}” cannot be written to {folder}.</source>
        <translation>Die Objekte von „{name}“ können nicht in {folder} geschrieben werden.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/found_group.py"/>
        <source>The file of this layer is gone: {path}</source>
        <translation>Die Datei dieses Layers ist nicht mehr da: {path}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_dialogs.py"/>
        <source>The file of weights; config.json and tokenizer.json lie beside it</source>
        <translation>Die Datei mit den Gewichten; config.json und tokenizer.json liegen daneben</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/training.py"/>
        <source>The file {path} cannot be read.</source>
        <translation>Die Datei {path} kann nicht gelesen werden.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/locate.py"/>
        <location filename="../rsvlm_plugin/processing/dataset.py"/>
        <source>The folder {folder} cannot be created.</source>
        <translation>Der Ordner {folder} lässt sich nicht anlegen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/install.py"/>
        <source>The folder {folder} cannot be replaced.</source>
        <translation>Der Ordner {folder} lässt sich nicht ersetzen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/install.py"/>
        <source>The folder {folder} cannot be written to.</source>
        <translation>In den Ordner {folder} lässt sich nicht schreiben.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/install.py"/>
        <source>The folder {folder} holds something else.</source>
        <translation>Der Ordner {folder} enthält etwas anderes.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/torch_build.py"/>
        <source>The graphics card is {card}.</source>
        <translation>Die Grafikkarte ist {card}.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
        <source>The identifier of a model card, “compact” for instance, or a model of the server. Not set: the model that comes along, or the one that is chosen for the server.</source>
        <translation>Die Kennung einer Modellkarte, zum Beispiel „compact“, oder ein Modell des Servers. Nicht gesetzt: das mitgelieferte Modell oder das, das für den Server gewählt ist.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/find_by_text.py"/>
        <source>The identifier of a model card. Not set: the model that comes along.</source>
        <translation>Die Kennung einer Modellkarte. Nicht gesetzt: das mitgelieferte Modell.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/finetune.py"/>
        <source>The identifier of an installed model of the recipe's family. Not set: the one that the recipe names.</source>
        <translation>Die Kennung eines installierten Modells aus der Familie des Rezepts. Leer: das, das im Rezept steht.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/finetune.py"/>
        <source>The identifier that it gets: small letters, digits, and single . _ or - between them. Not set: the name of the recipe, with a number where that is taken.</source>
        <translation>Die Kennung, die es bekommt: Kleinbuchstaben, Ziffern und dazwischen einzelne . _ oder -. Leer: der Name des Rezepts, mit einer Zahl, wo er vergeben ist.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/endpoint.py"/>
        <source>The key file of the rsvlm backend, {path}, cannot be read.</source>
        <translation>Die Schlüsseldatei des rsvlm-Backends, {path}, lässt sich nicht lesen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_key.py"/>
        <source>The key of “{server}” is no longer in QGIS's authentication manager.</source>
        <translation>Der Schlüssel von „{server}“ ist nicht mehr im Authentifizierungsmanager von QGIS.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_key.py"/>
        <source>The key of “{server}” lies in QGIS's authentication manager, which is locked.</source>
        <translation>Der Schlüssel von „{server}“ liegt im Authentifizierungsmanager von QGIS, und dieser ist gesperrt.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/snapshot.py"/>
        <source>The layer cannot be expressed in {crs}.</source>
        <translation>Der Layer lässt sich in {crs} nicht ausdrücken.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/mask_records.py"/>
        <source>The layer is empty: there is nothing to learn from.</source>
        <translation>Der Layer ist leer: es gibt nichts zu lernen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/answers.py"/>
        <source>The layer is in {path}.</source>
        <translation>Der Layer liegt in {path}.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/found_file.py"/>
        <source>The layer of what was found could not be written.</source>
        <translation>Der Layer mit dem Gefundenen konnte nicht geschrieben werden.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/fetching.py"/>
        <source>The layer was closed before it was looked at.</source>
        <translation>Der Layer wurde geschlossen, bevor er angesehen wurde.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/refining.py"/>
        <source>The masks are still being cut at the new threshold.</source>
        <translation>Die Masken werden noch an der neuen Schwelle geschnitten.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_describe.py"/>
        <source>The model did not answer with JSON: its words stand as they are.</source>
        <translation>Das Modell hat nicht mit JSON geantwortet: Seine Worte stehen da, wie sie sind.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/state.py"/>
        <source>The model process does not work; its last lines stand in the details.</source>
        <translation>Der Modellprozess arbeitet nicht; seine letzten Zeilen stehen in den Einzelheiten.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/adding.py"/>
        <source>The model sees nothing of “{phrase}” here.</source>
        <translation>Das Modell sieht hier nichts von „{phrase}“.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/training.py"/>
        <source>The model {model} is among your models.</source>
        <translation>Das Modell {model} ist unter Ihren Modellen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>The model “{model}” of “{server}” cannot look at this picture.</source>
        <translation>Das Modell „{model}“ von „{server}“ kann dieses Bild nicht betrachten.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
        <source>The name of a server in Settings ▸ Options ▸ rsvlm ▸ Servers: it is sent a picture of the extent, and its model writes the text. Not set: this computer.</source>
        <translation>Der Name eines Servers unter Einstellungen ▸ Optionen ▸ rsvlm ▸ Server: Ihm wird ein Bild der Ausdehnung gesendet, und sein Modell schreibt den Text. Nicht gesetzt: dieser Rechner.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/install.py"/>
        <source>The next one takes up what is done.</source>
        <translation>Die nächste baut auf dem auf, was fertig ist.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/advice.py"/>
        <source>The package index was not reached: look at the network, or choose a folder with wheels.</source>
        <translation>Der Paketindex war nicht zu erreichen: Sehen Sie nach dem Netz, oder wählen Sie einen Ordner mit Wheels.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
        <source>The part to describe, in any coordinate system; what lies outside the raster is left out. Not set: the whole raster. A service needs it.</source>
        <translation>Der Teil, der beschrieben wird, in einem beliebigen Koordinatensystem; was außerhalb des Rasters liegt, wird weggelassen. Nicht gesetzt: das ganze Raster. Ein Dienst braucht diese Angabe.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/find_by_text.py"/>
        <source>The part to look at, in any coordinate system; what lies outside the raster is left out. Not set: the whole raster. A service needs it.</source>
        <translation>Der Teil, der betrachtet wird, in beliebigem Koordinatensystem; was außerhalb des Rasters liegt, entfällt. Nicht gesetzt: das ganze Raster. Ein Dienst braucht diese Angabe.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>The picture is too large for the server “{server}”.</source>
        <translation>Das Bild ist zu groß für den Server „{server}“.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/correcting.py"/>
        <source>The picture that this answer is about was drawn, and is not kept in the project.</source>
        <translation>Das Bild, um das es in dieser Antwort geht, wurde gezeichnet und ist nicht im Projekt gespeichert.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/geometry.py"/>
        <source>The place cannot be expressed in {crs}.</source>
        <translation>Der Ort lässt sich nicht in {crs} ausdrücken.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/adding.py"/>
        <source>The probabilities of this search are not kept any more.</source>
        <translation>Die Wahrscheinlichkeiten dieser Suche sind nicht mehr gespeichert.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/refine_row.py"/>
        <source>The probability from which on a pixel belongs to a mask; no second run of the model</source>
        <translation>Die Wahrscheinlichkeit, ab der ein Pixel zu einer Maske gehört; ohne zweiten Lauf des Modells</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/segment_by_text.py"/>
        <source>The probability, 0 to 1, from which on a pixel belongs to a phrase.</source>
        <translation>Die Wahrscheinlichkeit, 0 bis 1, ab der ein Pixel zu einem Ausdruck gehört.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/place_row.py"/>
        <source>The project has no layer yet.</source>
        <translation>Das Projekt hat noch keinen Layer.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/dock.py"/>
        <source>The project was closed meanwhile. What was found in it is in {path}.</source>
        <translation>Das Projekt wurde inzwischen geschlossen. Was darin gefunden wurde, liegt in {path}.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>The proxy on the way to {host} does not let the request through.</source>
        <translation>Der Proxy auf dem Weg zu {host} lässt die Anfrage nicht durch.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>The proxy on the way to “{server}” wants a login.</source>
        <translation>Der Proxy auf dem Weg zu „{server}“ verlangt Anmeldedaten.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/advice.py"/>
        <source>The proxy refused: correct it in Settings ▸ Options ▸ Network and try again.</source>
        <translation>Der Proxy hat abgelehnt: Berichtigen Sie ihn unter Einstellungen ▸ Optionen ▸ Netzwerk und versuchen Sie es noch einmal.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/mask_records.py"/>
        <source>The raster lies in another coordinate system now.</source>
        <translation>Das Raster liegt jetzt in einem anderen Koordinatensystem.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/mask_records.py"/>
        <source>The raster that these were found in is not a file on this computer.</source>
        <translation>Das Raster, in dem dies gefunden wurde, ist keine Datei auf diesem Rechner.</translation>
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
        <location filename="../rsvlm_plugin/client/reply.py"/>
        <source>The rsvlm backend is not running any more.</source>
        <translation>Das rsvlm-Backend läuft nicht mehr.</translation>
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
        <location filename="../rsvlm_plugin/environment/process.py"/>
        <source>The rsvlm backend was stopped before it was ready.</source>
        <translation>Das rsvlm-Backend wurde beendet, bevor es bereit war.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/place.py"/>
        <source>The selected polygon has very many corners: the box around it is looked at.</source>
        <translation>Das ausgewählte Polygon hat sehr viele Ecken: Betrachtet wird das Rechteck darum.</translation>
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
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>The server “{server}” does not accept the key.</source>
        <translation>Der Server „{server}“ nimmt den Schlüssel nicht an.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>The server “{server}” failed while it answered.</source>
        <translation>Der Server „{server}“ ist beim Antworten gescheitert.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>The server “{server}” has moved to another address.</source>
        <translation>Der Server „{server}“ ist an eine andere Adresse gezogen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>The server “{server}” has no model called “{model}”.</source>
        <translation>Der Server „{server}“ hat kein Modell namens „{model}“.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>The server “{server}” has said nothing for {minutes} minutes.</source>
        <translation>Der Server „{server}“ hat {minutes} Minuten lang nichts gesagt.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>The server “{server}” is not ready: it is loading its model or is busy.</source>
        <translation>Der Server „{server}“ ist nicht bereit: Er lädt sein Modell oder ist beschäftigt.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>The server “{server}” refused the question.</source>
        <translation>Der Server „{server}“ hat die Frage abgelehnt.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>The server “{server}” stopped in the middle of the answer.</source>
        <translation>Der Server „{server}“ brach mitten in der Antwort ab.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>The server “{server}” takes no more requests for now.</source>
        <translation>Der Server „{server}“ nimmt vorerst keine Anfragen mehr an.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/advice.py"/>
        <source>The server's certificate is not trusted: name your network's certificates in SSL_CERT_FILE.</source>
        <translation>Dem Zertifikat des Servers wird nicht getraut: Nennen Sie in SSL_CERT_FILE die Zertifikate Ihres Netzes.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/locate.py"/>
        <source>The setting “Backend Python” names {path}, which does not exist.</source>
        <translation>Die Einstellung „Python des Backends“ nennt {path}, das es nicht gibt.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/install.py"/>
        <source>The setup needs {needed} GB in {folder}, and {free} GB are free.</source>
        <translation>Die Einrichtung braucht {needed} GB in {folder}, und {free} GB sind frei.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/install.py"/>
        <source>The setup stopped at “{step}”.</source>
        <translation>Die Einrichtung blieb stehen bei „{step}“.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/install.py"/>
        <source>The setup was stopped.</source>
        <translation>Die Einrichtung wurde angehalten.</translation>
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
        <location filename="../rsvlm_plugin/processing/training.py"/>
        <source>The training was ended by force after step {step}.</source>
        <translation>Das Training wurde nach Schritt {step} gewaltsam beendet.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/segment_by_text.py"/>
        <source>There are no probabilities: they are kept of what was looked at to the end.</source>
        <translation>Es gibt keine Wahrscheinlichkeiten: Sie werden von dem aufbewahrt, was zu Ende angesehen wurde.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server.py"/>
        <source>There are: {names}.</source>
        <translation>Es gibt: {names}.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/dataset.py"/>
        <source>There is a dataset in {folder} already.</source>
        <translation>In {folder} ist schon eine Sammlung.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_dialogs.py"/>
        <source>There is a model of this identifier already.</source>
        <translation>Ein Modell mit dieser Kennung gibt es schon.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>There is no computer called {host}.</source>
        <translation>Es gibt keinen Rechner namens {host}.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/destinations.py"/>
        <source>There is no folder {folder} for {name}.</source>
        <translation>Es gibt keinen Ordner {folder} für {name}.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/report.py"/>
        <source>There is no log yet.</source>
        <translation>Es gibt noch kein Protokoll.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/find_by_text.py"/>
        <source>There is no phrase to look for.</source>
        <translation>Es ist kein Ausdruck angegeben, nach dem gesucht werden soll.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/training.py"/>
        <source>There is no record of the split “train” in {names}.</source>
        <translation>In {names} ist kein Datensatz des Teils „train“.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/training.py"/>
        <source>There is no run in {folder}.</source>
        <translation>In {folder} ist kein Lauf.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server.py"/>
        <source>There is no server called “{server}”.</source>
        <translation>Es gibt keinen Server namens „{server}“.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/training.py"/>
        <source>There is nothing to keep.</source>
        <translation>Es gibt nichts zu behalten.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/picture.py"/>
        <source>There is nothing to see in this place: its picture is empty.</source>
        <translation>An diesem Ort ist nichts zu sehen: Sein Bild ist leer.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_describe.py"/>
        <source>These words are the model's alone: nothing in them was measured on the ground.</source>
        <translation>Diese Worte sind allein die des Modells: Nichts darin wurde am Boden gemessen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/status_line.py"/>
        <source>This server answers: {server}</source>
        <translation>Dieser Server antwortet: {server}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/refine_row.py"/>
        <location filename="../rsvlm_plugin/processing/segment_by_text.py"/>
        <source>Threshold</source>
        <translation>Schwelle</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/recutting.py"/>
        <location filename="../rsvlm_plugin/dock/refine_row.py"/>
        <source>Threshold {value}</source>
        <translation>Schwelle {value}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>Time taken</source>
        <translation>Zeitbedarf</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_dialogs.py"/>
        <source>Title</source>
        <translation>Titel</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/page.py"/>
        <source>Training</source>
        <translation>Training</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/pixel_files.py"/>
        <source>Training records: windows of the raster, and what lies in them.</source>
        <translation>Trainingsdaten: Fenster des Rasters, und was darin liegt.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/finetune.py"/>
        <source>Trains a model on records, such as those of “Build caption dataset” or of answers that you corrected, and puts it among your models, where the dock and the other algorithms find it. It runs in a process of its own, on this computer. Cancelled, it ends the step that it is at and keeps what it has learnt; with “{switch}” switched on it goes on from there.</source>
        <translation>Trainiert ein Modell mit Datensätzen, etwa denen von „Sammlung mit Beschreibungen bauen“ oder von Antworten, die Sie berichtigt haben, und legt es zu Ihren Modellen, wo das Fenster und die anderen Algorithmen es finden. Es läuft in einem eigenen Prozess auf diesem Computer. Abgebrochen, beendet es den Schritt, bei dem es ist, und behält, was es gelernt hat; ist „{switch}“ eingeschaltet, geht es von dort weiter.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Try Backend</source>
        <translation>Backend ausprobieren</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_key.py"/>
        <source>Try again and enter the master password, or set another one in Settings ▸ Options ▸ Authentication.</source>
        <translation>Versuchen Sie es noch einmal und geben Sie das Hauptpasswort ein, oder setzen Sie unter Einstellungen ▸ Optionen ▸ Authentifizierung ein anderes.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/process.py"/>
        <source>Try again; if it stays so, press Check in Settings ▸ Options ▸ rsvlm.</source>
        <translation>Versuchen Sie es noch einmal; bleibt es dabei, drücken Sie unter Einstellungen ▸ Optionen ▸ rsvlm auf Prüfen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/ground_by_text.py"/>
        <source>Turn the boxes with the things, where the model draws outlines of them.</source>
        <translation>Die Rahmen mit den Dingen drehen, wo das Modell deren Umrisse zeichnet.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/ground_by_text.py"/>
        <source>Turned boxes</source>
        <translation>Gedrehte Rahmen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/servers_box.py"/>
        <source>URL</source>
        <translation>URL</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Unit of the side</source>
        <translation>Einheit der Seite</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/limits_box.py"/>
        <source>Until QGIS Is Closed</source>
        <translation>Bis QGIS geschlossen wird</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Update Backend</source>
        <translation>Backend aktualisieren</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/recipe.py"/>
        <source>Updating pip</source>
        <translation>pip wird aktualisiert</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/makers.py"/>
        <source>Use a Mac with Apple silicon, or a computer with Windows or Linux.</source>
        <translation>Nehmen Sie einen Mac mit Apple-Prozessor oder einen Rechner mit Windows oder Linux.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Vector layers over the rasters: OpenStreetMap with its tags as columns, or outlines of your own with a column label or class. Captions name what lies in a window, and the outlines come along.</source>
        <translation>Vektorlayer über den Rastern: OpenStreetMap mit seinen Tags als Spalten oder eigene Umrisse mit einer Spalte label oder class. Beschreibungen nennen, was in einem Fenster liegt, und die Umrisse kommen mit.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/models_box.py"/>
        <source>Verify</source>
        <translation>Überprüfen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_store.py"/>
        <source>Verifying {model}</source>
        <translation>{model} wird überprüft</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>Versions</source>
        <translation>Versionen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/found_file.py"/>
        <source>View ▸ Panels ▸ Log Messages tells why. The answer is kept without a layer.</source>
        <translation>Ansicht ▸ Bedienfelder ▸ Protokoll sagt, warum. Die Antwort bleibt ohne Layer erhalten.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>Wait a moment and ask again, or look at the limits of your account.</source>
        <translation>Warten Sie einen Augenblick und fragen Sie noch einmal, oder sehen Sie sich die Grenzen Ihres Kontos an.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/dock.py"/>
        <source>Wait until it is there, or stop it.</source>
        <translation>Warten Sie, bis sie da ist, oder brechen Sie sie ab.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/export.py"/>
        <source>Wait until that is done, or choose another name.</source>
        <translation>Warten Sie, bis es fertig ist, oder wählen Sie einen anderen Namen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_store.py"/>
        <source>Wait until that is done, or stop it.</source>
        <translation>Warten Sie, bis es fertig ist, oder halten Sie es an.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/keep_task.py"/>
        <source>Wait until that is done.</source>
        <translation>Warten Sie, bis das getan ist.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/found_style.py"/>
        <source>Warnings</source>
        <translation>Warnungen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_dialogs.py"/>
        <source>Weights</source>
        <translation>Gewichte</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_dialogs.py"/>
        <source>Weights (*.safetensors *.pt *.pth);;All files (*)</source>
        <translation>Gewichte (*.safetensors *.pt *.pth);;Alle Dateien (*)</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/limits_box.py"/>
        <source>What all models may take together; the one not used for longest makes way</source>
        <translation>Was alle Modelle zusammen belegen dürfen; das am längsten ungenutzte macht Platz</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>What answers at the URL of “{server}” is no OpenAI-compatible server.</source>
        <translation>Was unter der URL von „{server}“ antwortet, ist kein OpenAI-kompatibler Server.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/segment_by_text.py"/>
        <source>What covers less ground is left out. Not set: four pixels of what the model sees, or of the raster where these are larger.</source>
        <translation>Was weniger Boden bedeckt, entfällt. Nicht gesetzt: vier Pixel dessen, was das Modell sieht, oder des Rasters, wo diese größer sind.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>What features are called whose columns do not say it, such as “greenhouse”. Not set: they are left out.</source>
        <translation>Wie Objekte heißen, deren Spalten es nicht sagen, etwa „greenhouse“. Leer: Sie werden ausgelassen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/models_box.py"/>
        <source>What has been downloaded is kept</source>
        <translation>Was heruntergeladen wurde, bleibt erhalten</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/finetune.py"/>
        <source>What is trained and how. compact_lora teaches the bundled model in minutes; the others need a model that is installed first, and most of them a graphics card.</source>
        <translation>Was trainiert wird und wie. compact_lora lehrt das mitgelieferte Modell in Minuten; die anderen brauchen ein Modell, das zuvor installiert wird, und die meisten eine Grafikkarte.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/dock.py"/>
        <source>What is where, tile by tile</source>
        <translation>Was wo ist, Kachel für Kachel</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/limits_box.py"/>
        <source>What may be taken to answer the next question about the same place sooner</source>
        <translation>Was belegt werden darf, um die nächste Frage zum selben Ort schneller zu beantworten</translation>
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
        <location filename="../rsvlm_plugin/dock/find_row.py"/>
        <source>What to look for</source>
        <translation>Was gesucht wird</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/find_by_text.py"/>
        <source>What to look for: classes such as “buildings, roads”, with commas between them, or one thing such as “the lake in the north”. With semicolons between them where a phrase has a comma in it.</source>
        <translation>Was gesucht wird: Klassen wie „Gebäude, Straßen“ mit Kommas dazwischen oder ein einzelnes Ding wie „der See im Norden“. Mit Semikolons dazwischen, wo ein Ausdruck selbst ein Komma enthält.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>What unnamed features are</source>
        <translation>Was namenlose Objekte sind</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/blocking.py"/>
        <source>What was being looked at did not end within {minutes} minutes, and what was found is lost.</source>
        <translation>Was gerade betrachtet wurde, endete nicht binnen {minutes} Minuten; was gefunden war, ist verloren.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/found_group.py"/>
        <source>What was looked at</source>
        <translation>Was betrachtet wurde</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/dragging.py"/>
        <source>What was saved last is not in {path} itself yet: something else is using the file.</source>
        <translation>Was zuletzt gespeichert wurde, ist noch nicht in {path} selbst: Etwas anderes benutzt die Datei.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/report.py"/>
        <source>What went wrong</source>
        <translation>Was schiefgegangen ist</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/environment_box.py"/>
        <source>Where Python, torch and the backend are installed; an empty folder or one that does not exist yet.</source>
        <translation>Wo Python, torch und das Backend installiert werden; ein leerer Ordner oder einer, den es noch nicht gibt.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Whole blocks of ground are held out, so that neighbours stay together.</source>
        <translation>Ganze Stücke Boden werden zurückgehalten, damit Nachbarn beisammen bleiben.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Windows</source>
        <translation>Fenster</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/finetune.py"/>
        <source>With a run that was stopped or broke off: from its last checkpoint, with the recipe, the records and the model that it began with, whatever is given here.</source>
        <translation>Bei einem Lauf, der angehalten wurde oder abbrach: von seinem letzten Stand aus, mit Rezept, Datensätzen und Modell, mit denen er begann, was immer hier steht.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>With metres, windows of rasters of different resolutions show equally much ground.</source>
        <translation>Mit Metern zeigen Fenster von Rastern verschiedener Auflösung gleich viel Boden.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/export.py"/>
        <source>With style and metadata. A GeoPackage that exists gains a layer.</source>
        <translation>Mit Stil und Metadaten. Ein vorhandenes GeoPackage bekommt einen Layer hinzu.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>Write it into the file with Assign Projection and add it anew, or save it as a GeoTIFF.</source>
        <translation>Schreiben Sie es mit „Projektion zuweisen“ in die Datei und fügen Sie sie neu hinzu, oder speichern Sie sie als GeoTIFF.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/dataset.py"/>
        <source>Writing the features of “{name}”</source>
        <translation>Objekte von „{name}“ werden geschrieben</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/finding.py"/>
        <source>Writing the layer</source>
        <translation>Der Layer wird geschrieben</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/torch_build.py"/>
        <source>You chose NVIDIA, although no card was found that it is sure to run on.</source>
        <translation>Sie haben NVIDIA gewählt, obwohl keine Karte gefunden wurde, auf der es sicher läuft.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/torch_build.py"/>
        <source>You chose the processor.</source>
        <translation>Sie haben den Prozessor gewählt.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server.py"/>
        <source>You have not allowed yet that pictures are sent to “{server}” ({host}).</source>
        <translation>Sie haben noch nicht erlaubt, dass Bilder an „{server}“ ({host}) gesendet werden.</translation>
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
        <location filename="../rsvlm_plugin/processing/finetune.py"/>
        <source>auto: the graphics card if there is one, as it is set in the options. cpu: the processor in any case.</source>
        <translation>auto: die Grafikkarte, wenn es eine gibt, wie es in den Optionen steht. cpu: auf jeden Fall der Prozessor.</translation>
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
        <location filename="../rsvlm_plugin/processing/ground_by_text.py"/>
        <source>box,detect,locate,find,grounding,referring,image,satellite,vision,language,model,ai</source>
        <translation>rahmen,erkennen,verorten,suchen,finden,bild,satellit,luftbild,sprache,modell,ki</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/install.py"/>
        <source>brought by uv</source>
        <translation>von uv mitgebracht</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/report.py"/>
        <location filename="../rsvlm_plugin/dock/status_line.py"/>
        <source>busy</source>
        <translation>beschäftigt</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>caption,dataset,training,records,tiles,openstreetmap,labels,vision,language,model,ai</source>
        <translation>beschreibung,datensatz,training,records,kacheln,openstreetmap,klassen,bild,sprache,modell,ki</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/describe_extent.py"/>
        <source>caption,description,words,text,image,satellite,aerial,vision,language,model,ai</source>
        <translation>Bildunterschrift,Beschreibung,Worte,Text,Bild,Satellit,Luftbild,Bildverstehen,Sprache,Modell,KI</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/card.py"/>
        <source>corrected</source>
        <translation>berichtigt</translation>
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
        <location filename="../rsvlm_plugin/dock/evidence_lines.py"/>
        <source>edited</source>
        <translation>bearbeitet</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>in all</source>
        <translation>insgesamt</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/pixels.py"/>
        <source>it has no data by more than one value in a band, or by the values of pixels. Leave one value, and no transparent pixels, in Layer Properties ▸ Transparency.</source>
        <translation>mehr als ein Wert eines Bandes oder Werte von Pixeln gelten als „keine Daten“. Lassen Sie in Layereigenschaften ▸ Transparenz einen Wert und keine durchsichtigen Pixel übrig.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/pixels.py"/>
        <source>it is no file on this computer whose pixels lie in straight rows on the map. Save it as a GeoTIFF: Layer ▸ Save As, Raw data.</source>
        <translation>er ist keine Datei auf diesem Rechner, deren Pixel auf der Karte in geraden Reihen liegen. Speichern Sie ihn als GeoTIFF: Layer ▸ Speichern als, Rohdaten.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/pixels.py"/>
        <source>its coordinate system was set to another one than its file has. Choose {crs} in Layer Properties ▸ Source.</source>
        <translation>sein Koordinatensystem ist ein anderes als das seiner Datei. Wählen Sie {crs} in Layereigenschaften ▸ Quelle.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/segment_by_text.py"/>
        <source>mask,outline,polygon,segmentation,extract,buildings,image,satellite,vision,language,model,ai</source>
        <translation>maske,umriss,polygon,segmentierung,extrahieren,gebäude,bild,satellit,sprache,modell,ki</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <location filename="../rsvlm_plugin/dock/thumbnail.py"/>
        <source>no CRS</source>
        <translation>kein KBS</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>no secure connection came about</source>
        <translation>es kam keine sichere Verbindung zustande</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/process.py"/>
        <location filename="../rsvlm_plugin/environment/waiting.py"/>
        <source>none</source>
        <translation>keine</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/evidence_lines.py"/>
        <source>none left</source>
        <translation>keine mehr</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/report.py"/>
        <source>not available</source>
        <translation>nicht verfügbar</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/status_line.py"/>
        <source>not available, click for details</source>
        <translation>nicht verfügbar, für Einzelheiten klicken</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/evidence_lines.py"/>
        <source>not found here</source>
        <translation>hier nicht gefunden</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/report.py"/>
        <source>not running</source>
        <translation>läuft nicht</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_dialogs.py"/>
        <source>not stated</source>
        <translation>nicht angegeben</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/found_style.py"/>
        <source>other</source>
        <translation>andere</translation>
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
        <location filename="../rsvlm_plugin/environment/torch_build.py"/>
        <source>processor (CPU)</source>
        <translation>Prozessor (CPU)</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>reading</source>
        <translation>Lesen</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/report.py"/>
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
        <location filename="../rsvlm_plugin/dock/evidence_lines.py"/>
        <source>score {score}</source>
        <translation>Güte {score}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>server</source>
        <translation>Server</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/report.py"/>
        <source>starting</source>
        <translation>startet</translation>
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
        <location filename="../rsvlm_plugin/layers/found_style.py"/>
        <source>stopped before it was complete</source>
        <translation>angehalten, bevor es vollständig war</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/table.py"/>
        <source>the disk refused it</source>
        <translation>die Festplatte nahm es nicht an</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>the layer's own file</source>
        <translation>der Datei des Layers</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_describe.py"/>
        <source>the picture</source>
        <translation>das Bild</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/provenance.py"/>
        <source>today {time}</source>
        <translation>heute {time}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/finetune.py"/>
        <source>training,fine-tune,lora,adapter,recipe,records,captions,vision,language,model,ai</source>
        <translation>training,nachtrainieren,lora,adapter,rezept,records,beschreibungen,bild,sprache,modell,ki</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/evidence_lines.py"/>
        <source>without a label</source>
        <translation>ohne Bezeichnung</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/environment/torch_build.py"/>
        <source>{card} needs a newer driver than {driver} or is too old: update the driver to use it.</source>
        <translation>{card} braucht einen neueren Treiber als {driver} oder ist zu alt: Aktualisieren Sie den Treiber, um sie zu benutzen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/training.py"/>
        <source>{folder} holds {names}.</source>
        <translation>{folder} enthält {names}.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/thumbnail.py"/>
        <source>{length}/px</source>
        <translation>{length}/px</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_store.py"/>
        <source>{model} is installed.</source>
        <translation>{model} ist installiert.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_store.py"/>
        <source>{model} is whole: its files are those that its card names.</source>
        <translation>{model} ist unversehrt: Die Dateien sind die, die seine Karte nennt.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/model_store.py"/>
        <source>{model} was removed.</source>
        <translation>{model} wurde entfernt.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/figures.py"/>
        <location filename="../rsvlm_plugin/settings/limits_box.py"/>
        <source>{n} GB</source>
        <translation>{n} GB</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/figures.py"/>
        <location filename="../rsvlm_plugin/settings/limits_box.py"/>
        <source>{n} MB</source>
        <translation>{n} MB</translation>
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
        <location filename="../rsvlm_plugin/settings/limits_box.py"/>
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
        <location filename="../rsvlm_plugin/dock/status_line.py"/>
        <source>{n} waiting</source>
        <translation>{n} wartend</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/found_group.py"/>
        <source>{path} cannot be opened as a layer.</source>
        <translation>{path} lässt sich nicht als Layer öffnen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/table.py"/>
        <source>{path} could not be written: {why}</source>
        <translation>{path} konnte nicht geschrieben werden: {why}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/export.py"/>
        <source>{path} exists already.</source>
        <translation>{path} gibt es schon.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/export_dialog.py"/>
        <source>{path} exists already. Replace it?</source>
        <translation>{path} gibt es schon. Ersetzen?</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/export.py"/>
        <source>{path} is being written.</source>
        <translation>{path} wird gerade geschrieben.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/training.py"/>
        <source>{path} is no file of records.</source>
        <translation>{path} ist keine Datei mit Datensätzen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/export.py"/>
        <source>{path} is open as a layer of this project.</source>
        <translation>{path} ist als Layer dieses Projekts geöffnet.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/export.py"/>
        <source>{path} is open in another program.</source>
        <translation>{path} ist in einem anderen Programm geöffnet.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/table.py"/>
        <source>{path} is open, perhaps as a layer of this project.</source>
        <translation>{path} ist geöffnet, vielleicht als Layer dieses Projekts.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/mask_rasters.py"/>
        <source>{path} is the raster that is looked at.</source>
        <translation>{path} ist das Raster, das angesehen wird.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/export.py"/>
        <source>{path} is the raster that these were found in.</source>
        <translation>{path} ist das Raster, in dem diese gefunden wurden.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/export.py"/>
        <source>{path} was changed by something else while it was being written.</source>
        <translation>{path} wurde, während daran geschrieben wurde, von anderer Seite verändert.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/mask_rasters.py"/>
        <source>{path} would be a GeoTIFF.</source>
        <translation>{path} wäre ein GeoTIFF.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/found_group.py"/>
        <source>{phrases} (boxes)</source>
        <translation>{phrases} (Rahmen)</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/found_group.py"/>
        <source>{phrases} (masks)</source>
        <translation>{phrases} (Masken)</translation>
    </message>
    <message numerus="yes">
        <location filename="../rsvlm_plugin/dock/finding.py"/>
        <source>{phrase}: %n found so far.</source>
        <translation>
            <numerusform>{phrase}: bisher %n gefunden.</numerusform>
            <numerusform>{phrase}: bisher %n gefunden.</numerusform>
        </translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/pixels.py"/>
        <source>{pixels} of {metres} m</source>
        <translation>{pixels} zu {metres} m</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_reply.py"/>
        <source>{server} is thinking</source>
        <translation>{server} denkt nach</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/pixels.py"/>
        <source>{width} × {height} pixels</source>
        <translation>{width} × {height} Pixel</translation>
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
        <location filename="../rsvlm_plugin/dock/thumbnail.py"/>
        <source>{w} × {h} px, sent to {server}</source>
        <translation>{w} × {h} px, gesendet an {server}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/destinations.py"/>
        <source>“{first}” and “{second}” would both be {path}.</source>
        <translation>„{first}“ und „{second}“ wären beide {path}.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/editing.py"/>
        <source>“{layer}” cannot be edited.</source>
        <translation>„{layer}“ kann nicht bearbeitet werden.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/keep_task.py"/>
        <source>“{layer}” could not be kept for training. View ▸ Panels ▸ Log Messages tells why.</source>
        <translation>„{layer}“ konnte nicht für das Training behalten werden. Ansicht ▸ Bedienfelder ▸ Protokoll sagt, warum.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/export_task.py"/>
        <source>“{layer}” could not be saved. View ▸ Panels ▸ Log Messages tells why.</source>
        <translation>„{layer}“ konnte nicht gespeichert werden. Ansicht ▸ Bedienfelder ▸ Protokoll sagt, warum.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/keep_task.py"/>
        <source>“{layer}” is being kept for training already.</source>
        <translation>„{layer}“ wird schon für das Training behalten.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/replacing.py"/>
        <source>“{layer}” is filtered.</source>
        <translation>„{layer}“ ist gefiltert.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/settings/servers_box.py"/>
        <source>“{model}” answered after {time}: {words}</source>
        <translation>„{model}“ antwortete nach {time}: {words}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/model_choice.py"/>
        <source>“{model}” cannot do this: it was made for other tasks.</source>
        <translation>„{model}“ kann das nicht: Es ist für andere Aufgaben gemacht.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server_errors.py"/>
        <source>“{model}” of “{server}” answered without a word.</source>
        <translation>„{model}“ von „{server}“ antwortete ohne ein Wort.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/place.py"/>
        <source>“{name}” covers no area.</source>
        <translation>„{name}“ umfasst keine Fläche.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>“{name}” has another coordinate system in QGIS than in its file, and features would miss it.</source>
        <translation>„{name}“ hat in QGIS ein anderes Koordinatensystem als in seiner Datei; Objekte lägen daneben.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/layers/place.py"/>
        <source>“{name}” holds no layer that can be drawn.</source>
        <translation>„{name}“ enthält keinen Layer, der sich zeichnen lässt.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/layer_choice.py"/>
        <source>“{name}” holds nothing to look at: it has no geometry, or was found by rsvlm.</source>
        <translation>In „{name}“ gibt es nichts zu sehen: Der Layer hat keine Geometrie oder wurde von rsvlm gefunden.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/pixels.py"/>
        <source>“{name}” is a service without an end.</source>
        <translation>„{name}“ ist ein Dienst ohne Grenzen.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/segment_by_text.py"/>
        <source>“{name}” is drawn, not read, and a drawing has no pixels for a mask raster: {why}</source>
        <translation>„{name}“ wird gezeichnet, nicht gelesen, und eine Zeichnung hat keine Pixel für ein Maskenraster: {why}</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/raster_algorithm.py"/>
        <source>“{name}” is drawn, not read: {why} The drawing has {size}.</source>
        <translation>„{name}“ wird gezeichnet, nicht gelesen: {why} Die Zeichnung hat {size}.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/processing/build_caption_dataset.py"/>
        <source>“{name}” is no raster on this computer.</source>
        <translation>„{name}“ ist kein Raster auf diesem Computer.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/dock/adding.py"/>
        <source>“{phrase}” is drawn here already.</source>
        <translation>„{phrase}“ ist hier schon eingezeichnet.</translation>
    </message>
    <message>
        <location filename="../rsvlm_plugin/client/server.py"/>
        <source>“{server}” has no URL.</source>
        <translation>„{server}“ hat keine URL.</translation>
    </message>
</context>
</TS>
