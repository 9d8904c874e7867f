"""Runs the published client `colppy-api` as it is against the server that ./config.json names, and
writes what it understood to ./told.json (it logs to its standard output). Its argument is the id of a purchase invoice."""

import asyncio
import json
import sys

import httpx
from colppy import ColppyAPIClient
from colppy.models.compras_pago_details import ComprasPagoDetailsRequest, CompraPagoDetail
from colppy.operations.config import get_config


def fields(items):
    return [vars(item) for item in items]


async def payout(client, company, number):
    """The client has a request and a model for `leer_pago`, and no method that joins them."""
    config = get_config()["ColppyAPI"]
    request = ComprasPagoDetailsRequest(
        config["COLPPY_AUTH_USER"],
        config["COLPPY_AUTH_PASSWORD"],
        config["COLPPY_PARAMS_USER"],
        client._token,
        company,
        number,
    )
    async with httpx.AsyncClient() as connection:
        answer = await connection.post(config["COLPPY_API_URI"], json=request.to_dict())
    return vars(CompraPagoDetail(**answer.json()["response"]["data"]))


async def main():
    client = ColppyAPIClient()
    told = {"token": await client.get_token()}
    told["companies"] = fields(await client.get_empresas())
    told["suppliers"] = fields(await client.get_all_proveedores())
    told["invoices"] = fields(await client.get_all_comprobantes_compra())
    details = await client.get_comprobante_compra_details_by_id(98, sys.argv[1])
    told["details"] = vars(details)
    told["items"] = fields(details.items)
    told["payout"] = await payout(client, 98, 928)
    told["logged_out"] = await client.logout()
    told["companies_after"] = fields(await client.get_empresas())
    return told


with open("told.json", "w", encoding="utf-8") as file:
    json.dump(asyncio.run(main()), file, default=str)
