using System.CommandLine;
using System.Globalization;
using Chancery.Server.Access.Lifecycle.Creating;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Commands.Backup;
using Chancery.Server.Commands.Terminal;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Secrets;

namespace Chancery.Server.Commands;

/// <summary>
/// <c>chancery tenants create</c>: an organisation with an invitation for its owner, on the installation's machine, also while the
/// server runs.
/// </summary>
internal static class CreateTenantCommand
{
    private static readonly Argument<string> Called = new("NAME") { Description = "What the organisation is called" };

    private static readonly Option<string> Owner = new("--owner")
    {
        Description = "The e-mail address of the person who is to be its owner",
        Required = true,
    };

    private static readonly Option<string?> Plan = new("--plan")
    {
        Description = "The plan that it is on; left out, the one that organisations sign up to",
    };

    private static readonly Option<string?> Key = new("--key")
    {
        Description = "Your own word for this call: said again it makes no second organisation, and answers a new link",
    };

    public static Command Create()
    {
        var command = new Command("create", "Make an organisation, and print the link that makes its owner")
        {
            Called,
            Owner,
            Plan,
            Key,
            OperatorCommand.Data,
            OperatorCommand.Json,
        };
        OperatorCommand.Set(command, RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(OperatorCommand verb, CancellationToken cancellationToken)
    {
        await using var database = await InstallationDatabase.OpenAsync(
            verb.Configuration,
            verb.DataDirectory,
            verb.Loggers,
            cancellationToken
        );
        var masterKey = MasterKeyFile.Load(verb.Configuration, database.DataDirectory, mayCreate: false, out _);
        var storage = new Storage(
            StorageStart.AppConnectionString(database.OwnerConnectionString, masterKey),
            "",
            database.DataDirectory,
            masterKey
        );
        // The product's own parts, and none of them started: what makes an organisation is the same as in the server.
        await using var parts = Program.Build(
            storage,
            builder =>
            {
                verb.AddSettingsTo(builder.Configuration);
                builder.Configuration["LOG_TO_FILE"] = "false";
                builder.Configuration["PUBLIC_URL"] = verb.PublicUrl;
                builder.Logging.ClearProviders();
            }
        );
        var outcome = await parts
            .Services.GetRequiredService<TenantCreation>()
            .CreateAsync(
                new NewOrganization(verb.Value(Called)!, verb.Value(Owner)!, verb.Value(Plan)),
                verb.Value(Key),
                cancellationToken
            );
        if (outcome is not CreationOutcome.Invited made)
        {
            await Console.Error.WriteLineAsync(
                "chancery: "
                    + outcome switch
                    {
                        CreationOutcome.Invalid invalid => $"{invalid.Field}: {invalid.Why}",
                        CreationOutcome.HasPeople =>
                            "this call made the organisation already, and people are in it: only one of them can be made its owner.",
                        CreationOutcome.HasOwner => "this call made the organisation already, and it has its owner.",
                        CreationOutcome.KeyReused => "another call had this key: choose another.",
                        _ => "there is no such organisation.",
                    }
            );
            return Exit.Usage;
        }

        await MachineRecord.WriteAsync(
            database.OwnerConnectionString,
            "organization.created",
            cancellationToken,
            made.Tenant.Value,
            details: new AuditDetails().Add("plan", made.Plan)
        );
        verb.Print(
            new
            {
                TenantId = made.Tenant.Value,
                made.Name,
                made.Plan,
                made.Invitation.Email,
                made.Url,
                made.Invitation.ExpiresAt,
                Mailed = made.IsMailed,
            },
            $"Made {made.Name} ({made.Tenant}) on plan {made.Plan}.",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{made.Invitation.Email} becomes its owner with this link, once and until {made.Invitation.ExpiresAt:u}:"
            ),
            made.Url,
            made.IsMailed
                ? "A letter with it is on its way."
                : "No letter was sent: hand it over. It is not shown again."
        );
        return Exit.Ok;
    }
}
