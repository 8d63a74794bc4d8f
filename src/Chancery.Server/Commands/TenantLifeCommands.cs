using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Chancery.Server.Access.Lifecycle.Erasing;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Commands.Backup;
using Chancery.Server.Commands.Terminal;
using Chancery.Server.Platform.Database;
using Microsoft.IdentityModel.Tokens;
using JsonWebKey = Microsoft.IdentityModel.Tokens.JsonWebKey;

namespace Chancery.Server.Commands;

/// <summary>
/// <c>chancery tenants erase</c>, <c>access</c> and <c>verify-receipt</c>: an organisation erased for good or read for a while by whoever
/// holds the machine's secrets, and the receipt of one that is gone.
/// </summary>
internal static class TenantLifeCommands
{
    private const int ShortestReason = 10;
    private const int LongestReason = 500;

    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true };

    private static readonly Option<string?> Confirm = new("--confirm")
    {
        Description = "The organisation's name, typed again exactly as it is",
    };

    private static readonly Option<int> AfterDays = new("--after-days")
    {
        Description = "When it begins, in days, 0 to 365; it can be taken back until then",
    };

    private static readonly Option<int?> KeptDays = new("--backups-kept-days")
    {
        Description = "How long archives of this installation are kept, in days, 0 to 3650; the receipt says so",
    };

    private static readonly Option<bool> Cancel = new("--cancel") { Description = "Take the order back instead" };

    private static readonly Option<int> Minutes = new("--minutes")
    {
        Description = "How long, 5 to 240",
        DefaultValueFactory = _ => 60,
    };

    private static readonly Argument<string> Receipt = new("FILE")
    {
        Description = "The receipt, or what GET /operator/erasures/{id} answered",
    };

    private static readonly Option<string?> Keys = new("--keys")
    {
        Description =
            "A file with what the installation told at /.well-known/audit-keys.json; left out, the keys of the one on this machine",
    };

    private static readonly Option<string?> Called = new("--name")
    {
        Description = "Also check that it is the receipt of an organisation of this name",
    };

    public static Command CreateErase()
    {
        var erase = new Command("erase", "Erase a suspended organisation for good, with a receipt; or take that back")
        {
            TenantsCommand.Tenant,
            Confirm,
            AfterDays,
            KeptDays,
            Cancel,
            OperatorCommand.Data,
            OperatorCommand.Json,
        };
        OperatorCommand.Set(erase, EraseAsync);
        return erase;
    }

    public static Command CreateAccess()
    {
        var access = new Command(
            "access",
            "Read an organisation's documents and contracts for a while, by break-glass; its owners are told"
        )
        {
            TenantsCommand.Tenant,
            TenantsCommand.Reason,
            Minutes,
            OperatorCommand.Data,
            OperatorCommand.Json,
        };
        OperatorCommand.Set(access, OpenAsync);
        return access;
    }

    public static Command CreateVerify()
    {
        var verify = new Command("verify-receipt", "Check who signed the receipt of an erased organisation")
        {
            Receipt,
            Keys,
            Called,
            OperatorCommand.Data,
            OperatorCommand.Json,
        };
        OperatorCommand.Set(verify, VerifyAsync);
        return verify;
    }

    private static async Task<int> EraseAsync(OperatorCommand verb, CancellationToken cancellationToken)
    {
        var (days, kept) = (verb.Value(AfterDays), verb.Value(KeptDays));
        if (days is < 0 or > 365 || kept is < 0 or > 3650)
        {
            return await TenantsCommand.RefuseAsync("--after-days is 0 to 365, and --backups-kept-days 0 to 3650.");
        }

        await using var installation = await TenantInstallation.OpenAsync(verb, cancellationToken);
        var (found, why) = await TenantsCommand.FindAsync(
            installation,
            verb.Value(TenantsCommand.Tenant)!,
            cancellationToken
        );
        if (found is not { } tenant)
        {
            return await TenantsCommand.RefuseAsync(why);
        }

        var store = new ErasureStore(installation.Doors);
        if (verb.Value(Cancel))
        {
            return await CancelAsync(verb, installation, tenant, cancellationToken);
        }

        if (verb.Value(Confirm) is not { } name)
        {
            return await TenantsCommand.RefuseAsync("type the organisation's name again: --confirm NAME.");
        }

        var (refused, id) = await Erasures.PlaceAsync(
            installation.Tenants,
            tenant,
            name,
            new ErasureOrder(ErasureOrder.Operator, null, Environment.UserName),
            TimeProvider.System.GetUtcNow(),
            TimeSpan.FromDays(days),
            kept,
            tell: null,
            cancellationToken
        );
        if (refused is not null)
        {
            await Console.Error.WriteLineAsync($"chancery: {WhyNot(refused)}");
            return Exit.Failed;
        }

        await installation.RecordAsync(
            "organization.erasure_ordered",
            tenant,
            new AuditDetails().Add("erasure", id),
            cancellationToken
        );
        var row = (await store.FindAsync(id, cancellationToken))!;
        verb.Print(
            new
            {
                ErasureId = id,
                TenantId = tenant,
                row.BeginsAt,
            },
            string.Create(
                CultureInfo.InvariantCulture,
                $"{tenant} is erased from {row.BeginsAt.UtcDateTime:yyyy-MM-dd HH:mm} UTC on, by the server that runs or the next that starts."
            ),
            $"How it stands, and the receipt in the end: GET /operator/erasures/{id}"
        );
        return Exit.Ok;
    }

    private static async Task<int> CancelAsync(
        OperatorCommand verb,
        TenantInstallation installation,
        Guid tenant,
        CancellationToken cancellationToken
    )
    {
        var said = await Erasures.CancelAsync(
            installation.Tenants,
            installation.Letters(),
            tenant,
            ErasureOrder.Operator,
            "The operator of this installation",
            TimeProvider.System.GetUtcNow(),
            cancellationToken
        );
        if (said != "cancelled")
        {
            await Console.Error.WriteLineAsync(
                said == "begun"
                    ? "chancery: it has begun; what is erased does not come back."
                    : "chancery: no erasure of this organisation is ordered."
            );
            return Exit.Failed;
        }

        await installation.RecordAsync("organization.erasure_cancelled", tenant, new AuditDetails(), cancellationToken);
        verb.Print(new { TenantId = tenant, Cancelled = true }, "The order was taken back; it stays suspended.");
        return Exit.Ok;
    }

    private static string WhyNot(ErasureOutcome refused) =>
        refused switch
        {
            ErasureOutcome.NotFound => "there is no such organisation.",
            ErasureOutcome.OtherName => "that is not the organisation's name: type it exactly as it is.",
            ErasureOutcome.NotSuspended => "only a suspended organisation is erased: suspend it first.",
            ErasureOutcome.OrderedAlready =>
                "it is to be erased already: look at how that stands, or take it back with --cancel.",
            _ => throw new System.Diagnostics.UnreachableException($"Unhandled outcome {refused}."),
        };

    private static async Task<int> OpenAsync(OperatorCommand verb, CancellationToken cancellationToken)
    {
        var (reason, minutes) = (verb.Value(TenantsCommand.Reason)!.Trim(), verb.Value(Minutes));
        if (reason.Length is < ShortestReason or > LongestReason || minutes is < 5 or > 240)
        {
            return await TenantsCommand.RefuseAsync(
                "a reason has 10 to 500 characters, for the organisation reads it; --minutes is 5 to 240."
            );
        }

        await using var installation = await TenantInstallation.OpenAsync(verb, cancellationToken);
        var (found, why) = await TenantsCommand.FindAsync(
            installation,
            verb.Value(TenantsCommand.Tenant)!,
            cancellationToken
        );
        if (found is not { } tenant)
        {
            return await TenantsCommand.RefuseAsync(why);
        }

        var opened = await installation.OpenAccessAsync(
            new TenantId(tenant),
            reason,
            TimeSpan.FromMinutes(minutes),
            cancellationToken
        );
        if (opened.Refused is not null)
        {
            await Console.Error.WriteLineAsync(
                "chancery: the organisation is suspended or being erased: nobody reads in it until it goes on."
            );
            return Exit.Failed;
        }

        await installation.RecordAsync(
            "organization.access_opened",
            tenant,
            new AuditDetails().Add("access", opened.AccessId).Add("minutes", minutes),
            cancellationToken
        );
        verb.Print(
            new
            {
                Id = opened.AccessId,
                TenantId = tenant,
                opened.ExpiresAt,
                AccessToken = opened.Token,
            },
            opened.Token,
            string.Create(
                CultureInfo.InvariantCulture,
                $"Send it as bearer, until {opened.ExpiresAt.UtcDateTime:yyyy-MM-dd HH:mm} UTC. It is not shown again; each call is in the organisation's record."
            )
        );
        return Exit.Ok;
    }

    private static async Task<int> VerifyAsync(OperatorCommand verb, CancellationToken cancellationToken)
    {
        var file = verb.Value(Receipt)!;
        if (SignedReceipt.Parse(await File.ReadAllTextAsync(file, cancellationToken)) is not { } receipt)
        {
            return await TenantsCommand.RefuseAsync($"{file} is not the receipt of an erasure.");
        }

        using var key = await KeyAsync(verb, receipt.KeyId, cancellationToken);
        var isSigned = key is not null && receipt.IsSignedBy(key);
        var isOf = verb.Value(Called) is not { } name || receipt.IsOf(name);
        verb.Print(
            new
            {
                IsSigned = isSigned,
                receipt.KeyId,
                HasName = verb.Value(Called) is null ? (bool?)null : isOf,
                receipt.Says,
            },
            [
                key is null
                    ? $"The key {receipt.KeyId} is not among them: another installation signed it, or nobody did."
                : isSigned ? $"Signed by the key {receipt.KeyId}, and not changed since."
                : "Changed since it was signed, or signed by somebody else.",
                .. isOf ? Array.Empty<string>() : ["It is of an organisation of another name."],
                JsonSerializer.Serialize(receipt.Says, Readable),
            ]
        );
        return isSigned && isOf ? Exit.Ok : Exit.Failed;
    }

    private static async Task<ECDsa?> KeyAsync(OperatorCommand verb, string keyId, CancellationToken cancellationToken)
    {
        if (verb.Value(Keys) is not { } file)
        {
            await using var installation = await TenantInstallation.OpenAsync(verb, cancellationToken);
            return await installation.Keyring.FindAsync(keyId, cancellationToken);
        }

        JsonWebKey? found;
        try
        {
            found = new JsonWebKeySet(await File.ReadAllTextAsync(file, cancellationToken)).Keys.FirstOrDefault(one =>
                one.Kid == keyId
            );
        }
        catch (ArgumentException)
        {
            return null;
        }

        return found is { Kty: "EC", Crv: "P-256", X: { } x, Y: { } y }
            ? ECDsa.Create(
                new ECParameters
                {
                    Curve = ECCurve.NamedCurves.nistP256,
                    Q = new ECPoint { X = Base64UrlEncoder.DecodeBytes(x), Y = Base64UrlEncoder.DecodeBytes(y) },
                }
            )
            : null;
    }
}
