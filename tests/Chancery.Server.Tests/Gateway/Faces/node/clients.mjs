// Drives the official packages of OpenAI and Anthropic, unchanged, against a running server. Each case says on standard output
// whether what it asserts held.
import assert from 'node:assert/strict';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

const { MODULES, SERVER, KEY } = process.env;
const load = (path) => import(pathToFileURL(join(MODULES, path)).href);
const { default: OpenAI } = await load('openai/index.mjs');
const { default: Anthropic } = await load('@anthropic-ai/sdk/index.mjs');

const openai = new OpenAI({ baseURL: `${SERVER}/v1`, apiKey: KEY, maxRetries: 0 });
const anthropic = new Anthropic({ baseURL: SERVER, apiKey: KEY, maxRetries: 0 });
const said = (content) => [{ role: 'user', content }];
const weather = {
  name: 'weather',
  description: 'The weather of a place.',
  parameters: { type: 'object', properties: { place: { type: 'string' } }, required: ['place'] },
};
const chatTools = [{ type: 'function', function: weather }];
const responseTools = [{ type: 'function', strict: false, ...weather }];
const claudeTools = [{ name: weather.name, description: weather.description, input_schema: weather.parameters }];
const rejected = (promise) => promise.then(() => assert.fail('It was answered.'), (error) => error);

async function failing(stream) {
  try {
    for await (const _ of stream);
  } catch (error) {
    return error;
  }
  assert.fail('The stream ended well.');
}

const cases = {
  'chat answers': async () => {
    const { data, response } = await openai.chat.completions
      .create({ model: 'alpha/m', messages: said('Hello') })
      .withResponse();
    assert.equal(data.choices[0].message.content, 'Alpha answers.');
    assert.equal(data.choices[0].finish_reason, 'stop');
    assert.ok(data.usage.prompt_tokens > 0 && data.usage.completion_tokens > 0);
    assert.equal(response.headers.get('x-chancery-model'), 'alpha/m');
    assert.equal(response.headers.get('x-chancery-attempts'), '1');
    assert.match(response.headers.get('x-chancery-cost'), /^0\.\d+$/);
  },
  'chat streams': async () => {
    const stream = await openai.chat.completions.create({
      model: 'alpha/m',
      messages: said('Hello'),
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let usage;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta?.content ?? '';
      usage = chunk.usage ?? usage;
    }
    assert.equal(text, 'Alpha answers.');
    assert.ok(usage.total_tokens > 0);
  },
  'chat of another protocol': async () => {
    const runner = openai.chat.completions.stream({ model: 'claude', messages: said('Hello') });
    const whole = await runner.finalChatCompletion();
    assert.equal(whole.choices[0].message.content, 'Claude answers.');
  },
  'chat calls tools': async () => {
    const messages = said('What is the weather in Paris?');
    const first = await openai.chat.completions.create({ model: 'alpha/m', messages, tools: chatTools });
    const [call] = first.choices[0].message.tool_calls;
    assert.equal(first.choices[0].finish_reason, 'tool_calls');
    assert.deepEqual(JSON.parse(call.function.arguments), { place: 'Paris' });
    messages.push(first.choices[0].message, { role: 'tool', tool_call_id: call.id, content: '18 degrees' });
    const second = await openai.chat.completions.create({ model: 'alpha/m', messages, tools: chatTools });
    assert.equal(second.choices[0].message.content, 'It is 18 degrees.');
  },
  'chat streams tools': async () => {
    const whole = await openai.chat.completions
      .stream({ model: 'alpha/m', messages: said('What is the weather in Paris?'), tools: chatTools })
      .finalChatCompletion();
    assert.equal(whole.choices[0].message.tool_calls[0].function.name, 'weather');
    assert.deepEqual(JSON.parse(whole.choices[0].message.tool_calls[0].function.arguments), { place: 'Paris' });
  },
  'chat has a shape': async () => {
    const whole = await openai.chat.completions.parse({
      model: 'alpha/m',
      messages: said('A person, please'),
      response_format: {
        type: 'json_schema',
        json_schema: {
          name: 'person',
          strict: true,
          schema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
        },
      },
    });
    assert.deepEqual(JSON.parse(whole.choices[0].message.content), { name: 'Ada' });
  },
  'chat cites documents': async () => {
    const whole = await openai.chat.completions.create({
      model: 'knowledge/all',
      messages: said('What is the notice period?'),
    });
    const [annotation] = whole.choices[0].message.annotations;
    assert.match(whole.choices[0].message.content, /thirty days/);
    assert.match(annotation.chancery.quote, /thirty days/);
  },
  'chat streams citations': async () => {
    const whole = await openai.chat.completions
      .stream({ model: 'knowledge/all', messages: said('What is the notice period?') })
      .finalChatCompletion();
    const { content, annotations } = whole.choices[0].message;
    const { start_index, end_index } = annotations[0].url_citation;
    assert.equal(content.slice(start_index, end_index), '[1]');
  },
  'chat refuses a wrong key': async () => {
    const stranger = new OpenAI({ baseURL: `${SERVER}/v1`, apiKey: 'chk_wrong', maxRetries: 0 });
    const error = await rejected(stranger.chat.completions.create({ model: 'alpha/m', messages: said('Hello') }));
    assert.ok(error instanceof OpenAI.AuthenticationError, `${error}`);
    assert.equal(error.type, 'authentication_error');
    assert.ok(error.requestID);
  },
  'chat knows no such model': async () => {
    const error = await rejected(openai.chat.completions.create({ model: 'nothing/m', messages: said('Hello') }));
    assert.ok(error instanceof OpenAI.NotFoundError, `${error}`);
    assert.equal(error.code, 'model_not_found');
    assert.equal(error.param, 'model');
  },
  'chat has to wait': async () => {
    const error = await rejected(openai.chat.completions.create({ model: 'alpha/m', messages: said('Too many') }));
    assert.ok(error instanceof OpenAI.RateLimitError, `${error}`);
    assert.ok(Number(error.headers.get('retry-after')) > 3000);
  },
  'chat breaks off': async () => {
    const stream = await openai.chat.completions.create({ model: 'alpha/m', messages: said('Break off'), stream: true });
    const error = await failing(stream);
    assert.ok(error instanceof OpenAI.APIError, `${error}`);
    assert.equal(error.code, 'provider_broke_off');
  },
  embeddings: async () => {
    const input = ['The notice period is thirty days.', 'Notice ends a contract.'];
    const packed = await openai.embeddings.create({ model: 'scripted', input });
    const plain = await openai.embeddings.create({ model: 'scripted', input, encoding_format: 'float' });
    assert.equal(packed.data.length, 2);
    assert.equal(packed.data[0].embedding.length, 64);
    packed.data.forEach((item, at) => {
      assert.equal(item.index, at);
      item.embedding.forEach((number, place) => assert.ok(Math.abs(number - plain.data[at].embedding[place]) < 1e-6));
    });
    assert.ok(packed.usage.prompt_tokens > 0);
    const error = await rejected(openai.embeddings.create({ model: 'scripted', input: [[1, 2, 3]] }));
    assert.ok(error instanceof OpenAI.BadRequestError, `${error}`);
    assert.match(error.message, /text itself/);
    const missing = await rejected(openai.embeddings.create({ model: 'text-embedding-3-small', input }));
    assert.ok(missing instanceof OpenAI.NotFoundError, `${missing}`);
  },
  models: async () => {
    const models = [];
    for await (const model of openai.models.list()) models.push(model);
    const names = models.map((model) => model.id);
    for (const name of ['alpha/m', 'beta/m', 'claude', 'both', 'default', 'scripted', 'knowledge/all'])
      assert.ok(names.includes(name), `${name} is not in ${names}`);
    assert.equal(models.find((model) => model.id === 'alpha/m').owned_by, 'alpha');
    assert.ok(!names.includes('extractive'));
    assert.equal((await openai.models.retrieve('alpha/m')).id, 'alpha/m');
    const error = await rejected(openai.models.retrieve('nothing/m'));
    assert.ok(error instanceof OpenAI.NotFoundError, `${error}`);
    const named = [];
    for await (const model of anthropic.models.list()) named.push(model.display_name);
    assert.equal(named.length, models.length);
  },
  'responses answers': async () => {
    const response = await openai.responses.create({ model: 'alpha/m', instructions: 'Be short.', input: 'Hello' });
    assert.equal(response.output_text, 'Alpha answers.');
    assert.equal(response.status, 'completed');
    assert.equal(response.instructions, 'Be short.');
    assert.ok(response.usage.total_tokens === response.usage.input_tokens + response.usage.output_tokens);
  },
  'responses streams': async () => {
    const stream = openai.responses.stream({ model: 'alpha/m', input: 'Hello' });
    const kinds = [];
    let text = '';
    for await (const event of stream) {
      assert.equal(event.sequence_number, kinds.length);
      kinds.push(event.type);
      if (event.type === 'response.output_text.delta') text += event.delta;
    }
    const whole = await stream.finalResponse();
    assert.equal(text, 'Alpha answers.');
    assert.equal(whole.output_text, 'Alpha answers.');
    assert.deepEqual(kinds.filter((kind, at) => kind !== kinds[at - 1]), [
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
  },
  'responses calls tools': async () => {
    const input = said('What is the weather in Paris?');
    const first = await openai.responses
      .stream({ model: 'alpha/m', input, tools: responseTools, store: false })
      .finalResponse();
    const call = first.output.find((item) => item.type === 'function_call');
    assert.equal(call.name, 'weather');
    assert.deepEqual(JSON.parse(call.arguments), { place: 'Paris' });
    input.push(call, { type: 'function_call_output', call_id: call.call_id, output: '18 degrees' });
    const second = await openai.responses.create({ model: 'alpha/m', input, tools: responseTools, store: false });
    assert.equal(second.output_text, 'It is 18 degrees.');
  },
  'responses has a shape': async () => {
    const response = await openai.responses.create({
      model: 'alpha/m',
      input: 'A person, please',
      text: {
        format: {
          type: 'json_schema',
          name: 'person',
          schema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
        },
      },
    });
    assert.deepEqual(JSON.parse(response.output_text), { name: 'Ada' });
  },
  'responses reasons': async () => {
    const first = await openai.responses.create({ model: 'claude', input: 'Think', reasoning: { effort: 'low' } });
    const thought = first.output.find((item) => item.type === 'reasoning');
    assert.equal(thought.summary[0].text, 'It is simple.');
    assert.equal(thought.encrypted_content, 'proof-of-claude');
    const streamed = await openai.responses.stream({ model: 'claude', input: 'Think' }).finalResponse();
    assert.equal(streamed.output.find((item) => item.type === 'reasoning').summary[0].text, 'It is simple.');
    assert.equal(streamed.output_text, 'Claude answers.');
  },
  'responses cites documents': async () => {
    const stream = openai.responses.stream({ model: 'knowledge/all', input: 'What is the notice period?' });
    const whole = await stream.finalResponse();
    const [annotation] = whole.output[0].content[0].annotations;
    assert.equal(annotation.type, 'url_citation');
    assert.match(annotation.chancery.quote, /thirty days/);
    assert.equal(whole.output_text.slice(annotation.start_index, annotation.end_index), '[1]');
  },
  'responses stores nothing': async () => {
    for (const wish of [{ previous_response_id: 'resp_1' }, { store: true }, { background: true }]) {
      const error = await rejected(openai.responses.create({ model: 'alpha/m', input: 'Hello', ...wish }));
      assert.ok(error instanceof OpenAI.BadRequestError, `${error}`);
      assert.equal(error.param, Object.keys(wish)[0]);
    }
  },
  'responses breaks off': async () => {
    const stream = await openai.responses.create({ model: 'alpha/m', input: 'Break off', stream: true });
    const error = await failing(stream);
    assert.ok(error instanceof OpenAI.APIError, `${error}`);
    assert.equal(error.code, 'provider_broke_off');
  },
  'messages answers': async () => {
    const { data, response } = await anthropic.messages
      .create({ model: 'alpha/m', max_tokens: 100, system: 'Be short.', messages: said('Hello') })
      .withResponse();
    assert.deepEqual(data.content, [{ type: 'text', text: 'Alpha answers.' }]);
    assert.equal(data.stop_reason, 'end_turn');
    assert.equal(data.model, 'alpha/m');
    assert.ok(data.usage.input_tokens > 0 && data.usage.output_tokens > 0);
    assert.equal(response.headers.get('x-chancery-provider'), 'alpha');
  },
  'messages streams': async () => {
    const stream = anthropic.messages.stream({ model: 'alpha/m', max_tokens: 100, messages: said('Hello') });
    const kinds = [];
    stream.on('streamEvent', (event) => kinds.push(event.type));
    const whole = await stream.finalMessage();
    assert.equal(whole.content[0].text, 'Alpha answers.');
    assert.equal(whole.stop_reason, 'end_turn');
    assert.ok(whole.usage.output_tokens > 0);
    assert.equal(kinds[0], 'message_start');
    assert.equal(kinds.at(-1), 'message_stop');
  },
  'messages calls tools': async () => {
    for (const model of ['alpha/m', 'claude']) {
      const messages = said('What is the weather in Paris?');
      const wish = { model, max_tokens: 100, tools: claudeTools, tool_choice: { type: 'auto' } };
      const first = await anthropic.messages.create({ ...wish, messages });
      const call = first.content.find((block) => block.type === 'tool_use');
      assert.equal(first.stop_reason, 'tool_use');
      assert.deepEqual(call.input, { place: 'Paris' });
      const streamed = await anthropic.messages.stream({ ...wish, messages }).finalMessage();
      assert.deepEqual(streamed.content.find((block) => block.type === 'tool_use').input, { place: 'Paris' });
      messages.push(
        { role: 'assistant', content: first.content },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: '18 degrees' }] },
      );
      const second = await anthropic.messages.create({ ...wish, messages });
      assert.equal(second.content[0].text, 'It is 18 degrees.', model);
    }
  },
  'messages thinks': async () => {
    const wish = { model: 'claude', max_tokens: 2000, thinking: { type: 'enabled', budget_tokens: 1024 } };
    const whole = await anthropic.messages.create({ ...wish, messages: said('Think') });
    const streamed = await anthropic.messages.stream({ ...wish, messages: said('Think') }).finalMessage();
    const thought = { type: 'thinking', thinking: 'It is simple.', signature: 'proof-of-claude' };
    assert.deepEqual(whole.content[0], thought);
    assert.deepEqual(streamed.content[0], thought);
    const again = await anthropic.messages.create({
      ...wish,
      messages: [...said('Think'), { role: 'assistant', content: whole.content }, ...said('And now?')],
    });
    assert.equal(again.content[0].text, 'The proof came back.');
  },
  'messages sees pictures': async () => {
    const whole = await anthropic.messages.create({
      model: 'alpha/m',
      max_tokens: 100,
      messages: said([
        { type: 'text', text: 'What is this?' },
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
      ]),
    });
    assert.equal(whole.content[0].text, 'A picture.');
  },
  'messages cites documents': async () => {
    const wish = { model: 'knowledge/all', max_tokens: 500, messages: said('What is the notice period?') };
    const streamed = await anthropic.messages.stream(wish).finalMessage();
    const whole = await anthropic.messages.create(wish);
    for (const message of [whole, streamed]) {
      assert.match(message.content[0].text, /thirty days/);
      assert.equal(message.content[0].citations[0].type, 'page_location');
      assert.match(message.content[0].citations[0].cited_text, /thirty days/);
    }
  },
  'messages counts tokens': async () => {
    const { input_tokens } = await anthropic.messages.countTokens({ model: 'alpha/m', messages: said('Hello there') });
    assert.ok(input_tokens > 1 && input_tokens < 20, `${input_tokens}`);
  },
  'messages refuses a wrong key': async () => {
    const stranger = new Anthropic({ baseURL: SERVER, apiKey: 'chk_wrong', maxRetries: 0 });
    const error = await rejected(stranger.messages.create({ model: 'alpha/m', max_tokens: 9, messages: said('Hello') }));
    assert.ok(error instanceof Anthropic.AuthenticationError, `${error}`);
    assert.equal(error.error.type, 'error');
    assert.equal(error.type, 'authentication_error');
  },
  'messages tells errors': async () => {
    const wish = { model: 'alpha/m', max_tokens: 9, messages: said('Hello') };
    const missing = await rejected(anthropic.messages.create({ ...wish, model: 'nothing/m' }));
    assert.ok(missing instanceof Anthropic.NotFoundError, `${missing}`);
    assert.equal(missing.type, 'not_found_error');
    const many = await rejected(anthropic.messages.create({ ...wish, messages: said('Too many') }));
    assert.ok(many instanceof Anthropic.RateLimitError, `${many}`);
    assert.ok(Number(many.headers.get('retry-after')) > 3000);
    const wrong = await rejected(anthropic.messages.create({ ...wish, messages: [{ role: 'robot', content: 'x' }] }));
    assert.ok(wrong instanceof Anthropic.BadRequestError, `${wrong}`);
    assert.match(wrong.message, /messages\[0\]\.role/);
  },
  'messages breaks off': async () => {
    const stream = await anthropic.messages.create({
      model: 'alpha/m',
      max_tokens: 100,
      messages: said('Break off'),
      stream: true,
    });
    const error = await failing(stream);
    assert.ok(error instanceof Anthropic.APIError, `${error}`);
    assert.equal(error.type, 'api_error');
  },
};

for (const [name, run] of Object.entries(cases)) {
  const failure = await run().then(() => null, (error) => `${error.stack}\n${JSON.stringify(error.error ?? null)}`);
  console.log(JSON.stringify({ name, failure }));
}
process.exit();
