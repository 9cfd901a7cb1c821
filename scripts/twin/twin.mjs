// The Discord double from npm, which nobody here wrote, behind a door that the bot can use.
//
// Started with one argument, a JSON object { guild, bot, token, channels: [{ id, name }], users: [{ id, name }],
// certificate, key }. Writes one line { door, gateway } with the port of the door (TLS) and the gateway's
// address, then answers each line on its standard input with a line on its standard output. Ends with its
// input.
//
// The door hands everything on to the double, and itself answers what the double lacks: `GET /gateway` and
// `POST /users/@me/channels` (which makes a real channel in the double's own database).
import http from 'node:http'
import https from 'node:https'
import fs from 'node:fs'
import readline from 'node:readline'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const [place, spec_text] = process.argv.slice(2)
const spec = JSON.parse(spec_text)
const require = createRequire(path.join(path.resolve(place), 'package.json'))
const entry = path.join(path.resolve(place), 'node_modules/discord-digital-twin/dist/index.js')
const { DigitalDiscord } = await import(pathToFileURL(entry).href)
const { ApplicationCommandOptionType } = require('discord-api-types/v10')

const twin = new DigitalDiscord({
  guild: {
    id: spec.guild,
    name: 'Sandbox',
    channels: spec.channels.map(({ id, name }) => ({ id, name, type: 0 })),
  },
  users: spec.users.map(({ id, name }) => ({ id, username: name })),
  botUser: { id: spec.bot, username: 'countersign' },
  botToken: spec.token,
})
await twin.start()

async function read(stream) {
  const parts = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts)
}

// The channel between the bot and one person.
async function direct(user) {
  const id = `9${user}`
  const known = await twin.prisma.channel.findUnique({ where: { id } })
  if (!known) await twin.prisma.channel.create({ data: { id, type: 1, name: `dm-${user}` } })
  return id
}

async function serve(request, response) {
  const body = await read(request)
  const say = (value) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(value))
  }
  const { pathname } = new URL(request.url, 'https://discord.com')
  if (request.method === 'GET' && /^\/api\/v10\/gateway$/.test(pathname)) {
    return say({ url: twin.gatewayUrl })
  }
  if (request.method === 'POST' && pathname === '/api/v10/users/@me/channels') {
    const { recipient_id: user } = JSON.parse(body)
    const who = await twin.prisma.user.findUniqueOrThrow({ where: { id: String(user) } })
    const recipient = { id: who.id, username: who.username, discriminator: '0', avatar: null }
    return say({ id: await direct(who.id), type: 1, last_message_id: null, recipients: [recipient] })
  }
  const onward = http.request(
    { host: '127.0.0.1', port: twin.port, method: request.method, path: request.url, headers: request.headers },
    (answer) => {
      response.writeHead(answer.statusCode, answer.headers)
      answer.pipe(response)
    },
  )
  onward.on('error', (error) => response.destroy(error))
  onward.end(body)
}

const door = https.createServer(
  { cert: fs.readFileSync(spec.certificate), key: fs.readFileSync(spec.key) },
  (request, response) => serve(request, response).catch((error) => response.destroy(error)),
)
await new Promise((ready) => door.listen(0, '127.0.0.1', ready))

// Options as a person types them: { start: '9am' } or, below a subcommand, { new: { module: 'credential' } }.
function typed(options) {
  return Object.entries(options ?? {}).map(([name, value]) =>
    typeof value === 'object'
      ? { name, type: ApplicationCommandOptionType.Subcommand, options: typed(value) }
      : typeof value === 'number'
        ? { name, type: ApplicationCommandOptionType.Integer, value }
        : { name, type: ApplicationCommandOptionType.String, value },
  )
}

const acts = {
  slash: ({ user, channel, name, options }) =>
    twin.channel(channel).user(user).runSlashCommand({ name, options: typed(options) }),
  click: ({ user, channel, message, custom_id }) =>
    twin.channel(channel).user(user).clickButton({ messageId: message, customId: custom_id }),
  modal: ({ user, channel, custom_id, fields }) =>
    twin.channel(channel).user(user).submitModal({
      customId: custom_id,
      fields: Object.entries(fields).map(([customId, value]) => ({ customId, value })),
    }),
  answer: async ({ id }) => {
    const answer = await twin.channel(spec.channels[0].id).getInteractionResponse(id)
    return answer && { ...answer, data: answer.data && JSON.parse(answer.data) }
  },
  messages: ({ channel }) => twin.channel(channel).getMessages(),
  direct: async ({ user }) => ({ id: await direct(user) }),
  commands: () => twin.prisma.applicationCommand.findMany(),
}

console.log(JSON.stringify({ door: door.address().port, gateway: twin.gatewayUrl }))
for await (const line of readline.createInterface({ input: process.stdin })) {
  const { act, ...rest } = JSON.parse(line)
  try {
    console.log(JSON.stringify({ ok: await acts[act](rest) }))
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }))
  }
}
process.exit(0)
