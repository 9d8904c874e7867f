#!/bin/sh
# Agrega a una planilla CSV los cobros y las reversiones nuevos de Ventanilla.
#
#   cobros_a_planilla.sh PLANILLA.csv --data DIR [--company ID]
#
# El último número agregado queda en PLANILLA.csv.ultimo. Se corre cuando sea (por ejemplo cada noche,
# con cron) y se corta cuando sea; lo único que no debe es correr dos veces al mismo tiempo.
# VENTANILLA nombra el programa, si no está en el PATH.
set -eu

if [ $# -lt 1 ]; then
    echo "uso: $0 PLANILLA.csv [opciones de «ventanilla export events»]" >&2
    exit 2
fi
planilla=$1
anotado=$planilla.ultimo
shift

# Planilla y anotación cambian juntas: abajo hay dos «mv». Un corte entre los dos deja hecho el primero,
# y falta el segundo; un corte anterior deja los dos borradores, que se hacen de nuevo.
if [ -f "$anotado.nuevo" ] && [ ! -f "$planilla.nuevo" ]; then
    mv "$anotado.nuevo" "$anotado"
fi

ultimo=0
if [ -f "$anotado" ]; then
    ultimo=$(cat "$anotado")
fi

"${VENTANILLA:-ventanilla}" export events "$@" --excel --after "$ultimo" >"$planilla.tanda"
if [ "$(wc -l <"$planilla.tanda")" -gt 1 ]; then
    if [ -f "$planilla" ]; then
        { cat "$planilla" && tail -n +2 "$planilla.tanda"; } >"$planilla.nuevo"
    else
        cp "$planilla.tanda" "$planilla.nuevo"
    fi
    # El número es la primera columna.
    tail -n 1 "$planilla.tanda" | cut -d ';' -f 1 >"$anotado.nuevo"
    mv "$planilla.nuevo" "$planilla"
    mv "$anotado.nuevo" "$anotado"
fi
rm "$planilla.tanda"
