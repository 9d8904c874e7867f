#!/usr/bin/env python3
"""Lleva a una base SQL los cobros y las reversiones de Ventanilla.

    cobros_a_sql.py BASE -- ventanilla export events --data DIR [--company ID] [--follow]

Se corre cuando sea, y se corta cuando sea: la base guarda el último número procesado en la misma
transacción que sus efectos, así que ningún cobro se pierde ni se cuenta dos veces. Con --follow
sigue sin terminar; sin --follow se pone al día y termina. Una base es de una sola empresa.

Solo usa la biblioteca de Python 3. Para otra base cambie abrir() y las sentencias, que son SQL
corriente: los importes, NUMERIC(12, 2); las fechas, DATE y TIMESTAMP WITH TIME ZONE; y los
parámetros, en el estilo de su biblioteca (:nombre es %(nombre)s en psycopg).
"""

import json
import os
import sqlite3
import subprocess
import sys

TABLAS = """
CREATE TABLE IF NOT EXISTS avance (
  unico INTEGER PRIMARY KEY CHECK (unico = 1),
  numero INTEGER NOT NULL);
INSERT INTO avance (unico, numero) VALUES (1, 0) ON CONFLICT (unico) DO NOTHING;

CREATE TABLE IF NOT EXISTS cobro (
  id_cobranza INTEGER PRIMARY KEY,
  estado TEXT NOT NULL,           -- vigente o revertida
  factura INTEGER NOT NULL,
  contrato TEXT NOT NULL,
  nombre TEXT NOT NULL,
  periodo INTEGER NOT NULL,
  monto TEXT NOT NULL,            -- "136.76": nunca coma flotante
  moneda TEXT NOT NULL,
  recaudador TEXT NOT NULL,
  fecha_hora TEXT NOT NULL,
  dia TEXT NOT NULL,
  dia_reversion TEXT,
  motivo TEXT);

CREATE TABLE IF NOT EXISTS factura (
  factura INTEGER PRIMARY KEY,
  contrato TEXT NOT NULL,
  periodo INTEGER NOT NULL,
  monto TEXT NOT NULL,
  pagada INTEGER NOT NULL,        -- 1 pagada, 0 se debe otra vez
  id_cobranza INTEGER);
"""

# Repetir una de estas sentencias no cambia nada.
PAGO = [
    """INSERT INTO cobro (id_cobranza, estado, factura, contrato, nombre, periodo, monto, moneda,
         recaudador, fecha_hora, dia)
       VALUES (:id_cobranza, 'vigente', :factura, :contrato, :nombre, :periodo, :monto, :moneda,
         :recaudador, :fecha_hora, :dia)
       ON CONFLICT (id_cobranza) DO NOTHING""",
    """INSERT INTO factura (factura, contrato, periodo, monto, pagada, id_cobranza)
       VALUES (:factura, :contrato, :periodo, :monto, 1, :id_cobranza)
       ON CONFLICT (factura) DO UPDATE SET contrato = excluded.contrato,
         periodo = excluded.periodo, monto = excluded.monto, pagada = 1,
         id_cobranza = excluded.id_cobranza""",
]
REVERSION = [
    """UPDATE cobro SET estado = 'revertida', dia_reversion = :dia, motivo = :motivo
       WHERE id_cobranza = :id_cobranza""",
    """UPDATE factura SET pagada = 0, id_cobranza = NULL
       WHERE factura = :factura AND id_cobranza = :id_cobranza""",
]
SENTENCIAS = {"pago": PAGO, "reversion": REVERSION}


def abrir(ruta):
    base = sqlite3.connect(ruta)
    base.executescript(TABLAS)
    base.commit()
    return base


def ultimo_numero(base):
    return base.execute("SELECT numero FROM avance").fetchone()[0]


def procesar(base, hechos):
    """Procesa unos hechos y anota el último, todo o nada."""
    with base:
        base.execute("BEGIN IMMEDIATE")
        numero = ultimo_numero(base)
        for hecho in hechos:
            if hecho["numero"] <= numero:
                continue
            if hecho["numero"] > numero + 1:
                sys.exit(f"Después del {numero} llegó el {hecho['numero']}: falta alguno.")
            for sentencia in SENTENCIAS[hecho["tipo"]]:
                base.execute(sentencia, hecho)
            numero = hecho["numero"]
        base.execute("UPDATE avance SET numero = ?", (numero,))


def lotes(salida):
    """Lo que va llegando, en lotes de líneas enteras; media línea al final no cuenta."""
    resto = b""
    while trozo := os.read(salida.fileno(), 1 << 16):
        *lineas, resto = (resto + trozo).split(b"\n")
        if lineas:
            yield [json.loads(linea) for linea in lineas]


def main(argumentos):
    if len(argumentos) < 3 or argumentos[1] != "--":
        sys.exit(__doc__)
    base, comando = abrir(argumentos[0]), argumentos[2:]
    comando += ["--after", str(ultimo_numero(base))]
    with subprocess.Popen(comando, stdout=subprocess.PIPE) as ventanilla:
        try:
            for hechos in lotes(ventanilla.stdout):
                procesar(base, hechos)
        except KeyboardInterrupt:
            pass
        except BaseException:
            ventanilla.terminate()
            raise
    return ventanilla.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
