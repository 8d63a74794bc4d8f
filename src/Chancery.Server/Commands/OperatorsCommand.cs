using System.CommandLine;
using Chancery.Server.Access.SecondFactors;
using Chancery.Server.Commands.Backup;
using Chancery.Server.Commands.Terminal;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Operators;
using Npgsql;

namespace Chancery.Server.Commands;

/// <summary>
/// <c>chancery operator</c>: makes, lists and revokes the operators of an installation, on its machine. Works while the server
/// runs.
/// </summary>
internal static class OperatorsCommand
{
    private const int LongestName = 100;

    private static readonly Argument<string> Email = new("email") { Description = "Whose, by their e-mail" };

    private static readonly Argument<string> Name = new("name") { Description = "Who it is, as in: Ops on call" };

    public static Command Create()
    {
        var create = new Command("create", "Make an operator, and print the token once")
        {
            Name,
            OperatorCommand.Data,
            OperatorCommand.Json,
        };
        var list = new Command("list", "All operators, those who were revoked too")
        {
            OperatorCommand.Data,
            OperatorCommand.Json,
        };
        var revoke = new Command("revoke", "Let an operator's token open nothing any more")
        {
            Name,
            OperatorCommand.Data,
            OperatorCommand.Json,
        };
        var reset = new Command(
            "reset-second-factors",
            "Take away somebody's second factors, for the last owner who lost theirs; all their sign-ins end"
        )
        {
            Email,
            OperatorCommand.Data,
            OperatorCommand.Json,
        };
        OperatorCommand.Set(create, CreateAsync);
        OperatorCommand.Set(reset, ResetAsync);
        OperatorCommand.Set(list, ListAsync);
        OperatorCommand.Set(revoke, RevokeAsync);
        return new Command("operator", "Who may see how the installation is doing, and suspend organisations")
        {
            create,
            list,
            revoke,
            reset,
        };
    }

    private static Task<int> CreateAsync(OperatorCommand verb, CancellationToken cancellationToken) =>
        WithAsync(
            verb,
            async operators =>
            {
                var name = verb.Value(Name)!.Trim();
                if (name.Length is 0 or > LongestName || name.Any(char.IsControl))
                {
                    await Console.Error.WriteLineAsync(
                        $"chancery: a name has 1 to {LongestName} characters on one line."
                    );
                    return Exit.Usage;
                }

                if (
                    await operators.CreateAsync(name, TimeProvider.System.GetUtcNow(), cancellationToken)
                    is not { } token
                )
                {
                    await Console.Error.WriteLineAsync(
                        $"chancery: there is an operator called {name} already. Revoke that one first, or take another name."
                    );
                    return Exit.Failed;
                }

                verb.Print(
                    new { Name = name, Token = token },
                    [
                        token,
                        "Send it as bearer to /metrics, /health/advanced and /operator/tenants. It is not shown again.",
                    ]
                );
                return Exit.Ok;
            },
            cancellationToken,
            "operator.created"
        );

    private static Task<int> ListAsync(OperatorCommand verb, CancellationToken cancellationToken) =>
        WithAsync(
            verb,
            async operators =>
            {
                var found = await operators.ListAsync(cancellationToken);
                verb.Print(
                    found,
                    found.Count == 0
                        ? ["There is no operator yet: chancery operator create NAME"]
                        : found.Select(one =>
                            $"{one.Name}, since {one.CreatedAt:yyyy-MM-dd}"
                            + (one.RevokedAt is { } revoked ? $", revoked {revoked:yyyy-MM-dd}" : "")
                        )
                );
                return Exit.Ok;
            },
            cancellationToken
        );

    private static Task<int> RevokeAsync(OperatorCommand verb, CancellationToken cancellationToken) =>
        WithAsync(
            verb,
            async operators =>
            {
                var name = verb.Value(Name)!.Trim();
                if (!await operators.RevokeAsync(name, TimeProvider.System.GetUtcNow(), cancellationToken))
                {
                    await Console.Error.WriteLineAsync($"chancery: there is no operator called {name}.");
                    return Exit.Failed;
                }

                verb.Print(new { Name = name }, $"The token of {name} opens nothing any more.");
                return Exit.Ok;
            },
            cancellationToken,
            "operator.revoked"
        );

    private static async Task<int> ResetAsync(OperatorCommand verb, CancellationToken cancellationToken)
    {
        await using var database = await InstallationDatabase.OpenAsync(
            verb.Configuration,
            verb.DataDirectory,
            verb.Loggers,
            cancellationToken
        );
        await using var source = NpgsqlDataSource.Create(database.OwnerConnectionString);
        if (
            await LostFactors.ResetAsync(
                source,
                verb.Value(Email)!.Trim(),
                TimeProvider.System.GetUtcNow(),
                cancellationToken
            )
            is not { } userId
        )
        {
            await Console.Error.WriteLineAsync($"chancery: nobody here has the e-mail {verb.Value(Email)}.");
            return Exit.Failed;
        }

        await MachineRecord.WriteAsync(
            database.OwnerConnectionString,
            "person.second_factors_reset",
            cancellationToken,
            subjectId: userId.ToString()
        );
        verb.Print(
            new { UserId = userId },
            "Their second factors are gone and their sign-ins ended, on a running server within 30 seconds. The password stays."
        );
        return Exit.Ok;
    }

    private static async Task<int> WithAsync(
        OperatorCommand verb,
        Func<OperatorDirectory, Task<int>> run,
        CancellationToken cancellationToken,
        string? action = null
    )
    {
        await using var database = await InstallationDatabase.OpenAsync(
            verb.Configuration,
            verb.DataDirectory,
            verb.Loggers,
            cancellationToken
        );
        RowMapping.Use();
        await using var source = NpgsqlDataSource.Create(database.OwnerConnectionString);
        var operators = new OperatorDirectory(source);
        var code = await run(operators);
        if (action is not null && code == Exit.Ok)
        {
            var name = verb.Value(Name)!.Trim();
            // Of several that had the name the newest is the one.
            var whom = (await operators.ListAsync(cancellationToken)).LastOrDefault(one =>
                one.Name.Equals(name, StringComparison.OrdinalIgnoreCase)
            );
            await MachineRecord.WriteAsync(
                database.OwnerConnectionString,
                action,
                cancellationToken,
                subjectId: whom?.OperatorId.ToString()
            );
        }

        return code;
    }
}
